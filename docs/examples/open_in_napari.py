"""Opens OME-Zarrs in napari by way of Dask: outputs, folders or URLs, and views that are computed as they are looked at.

usage: open_in_napari.py IMAGE...

Needs napari, dask and zarr 3 (and aiohttp for URLs, fsspec): `pip install "napari[all]" dask zarr aiohttp`.
Each image becomes a layer for each channel, with the levels, scale, unit, name, color and contrast that its metadata state.
"""

import sys

import dask.array as da
import zarr


def layers(url):
    """The layers of an OME-Zarr 0.4 or 0.5: pairs of levels, finest first, and the arguments of napari's Image."""
    if int(zarr.__version__.split(".")[0]) < 3:
        sys.exit(f"zarr {zarr.__version__} does not read OME-Zarr 0.5: pip install --upgrade zarr")
    try:
        group = zarr.open_group(url, mode="r")
    except (FileNotFoundError, KeyError, ValueError) as error:
        sys.exit(f"{url} is no Zarr group ({error}): name the folder or the URL that holds zarr.json or .zgroup")
    attributes = dict(group.attrs)
    ome = attributes.get("ome", attributes)
    if not ome.get("multiscales"):
        sys.exit(f"{url} has no multiscales in its attributes: it is no OME-Zarr image")
    multiscale = ome["multiscales"][0]
    axes = multiscale["axes"]
    names = [axis["name"] for axis in axes]
    datasets = multiscale["datasets"]
    levels = [da.from_zarr(group[dataset["path"]]) for dataset in datasets]
    # napari scales the other levels by their shapes.
    scale, translate = placed(datasets[0], multiscale, len(axes))
    channels = ome.get("omero", attributes.get("omero", {})).get("channels", [])
    split = names.index("c") if "c" in names else None
    kept = [axis for axis in range(len(axes)) if axis != split]
    count = levels[0].shape[split] if split is not None else 1
    if channels and len(channels) != count:
        sys.exit(f"{url} has {count} channels, but omero describes {len(channels)}: its metadata contradict its array")
    for number in range(count):
        data = [level if split is None else da.take(level, number, axis=split) for level in levels]
        arguments = {
            "axis_labels": tuple(names[axis] for axis in kept),
            "multiscale": len(data) > 1,
            "name": multiscale.get("name") or url,
            "scale": tuple(scale[axis] for axis in kept),
            "translate": tuple(translate[axis] for axis in kept),
            "units": tuple(axes[axis].get("unit", "pixel") for axis in kept),
        }
        if channels:
            channel = channels[number]
            window = channel["window"]
            arguments |= {
                "blending": "additive" if count > 1 else "translucent",
                "colormap": ["#000000", f"#{channel['color']}"],
                "contrast_limits": (window["start"], window["end"]),
                "name": channel.get("label") or arguments["name"],
                "visible": channel.get("active", True),
            }
        yield (data if len(data) > 1 else data[0]), arguments


def placed(dataset, multiscale, count):
    """Scale and translation of a level, after those of all levels."""
    scale, translate = [1.0] * count, [0.0] * count
    steps = [*dataset["coordinateTransformations"], *multiscale.get("coordinateTransformations", [])]
    for step in steps:
        if step["type"] == "scale":
            scale = [a * b for a, b in zip(scale, step["scale"])]
            translate = [a * b for a, b in zip(translate, step["scale"])]
        elif step["type"] == "translation":
            translate = [a + b for a, b in zip(translate, step["translation"])]
    return scale, translate


def main(urls):
    if not urls:
        sys.exit("usage: open_in_napari.py IMAGE...")
    found = [layer for url in urls for layer in layers(url)]
    import napari

    viewer = napari.Viewer()
    for data, arguments in found:
        viewer.add_image(data, **arguments)
    viewer.dims.axis_labels = found[0][1]["axis_labels"]
    napari.run()


if __name__ == "__main__":
    main(sys.argv[1:])
