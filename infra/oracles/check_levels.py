"""Reads all levels of an OME-Zarr as zarr-python does, version 2 or 3, compares each with means that numpy takes of the level
before, and prints what it found as one JSON object.

usage: check_levels.py IN.zarr
"""

import json
import sys

import numpy
import zarr


def means(finer, factors):
    """Means over cells of `factors` voxels, in the type of these; cells at the end are of the voxels that exist."""
    padded = numpy.pad(
        finer.astype(numpy.float64),
        [(0, -side % factor) for side, factor in zip(finer.shape, factors)],
        constant_values=numpy.nan,
    )
    cells = padded.reshape([n for side, factor in zip(padded.shape, factors) for n in (side // factor, factor)])
    exact = numpy.nanmean(cells, axis=tuple(range(1, 2 * finer.ndim, 2)))
    if finer.dtype.kind == "b":
        return exact >= 0.5
    return (exact if finer.dtype.kind == "f" else numpy.rint(exact)).astype(finer.dtype)


def main():
    (source,) = sys.argv[1:]
    group = zarr.open_group(source, mode="r")
    attributes = dict(group.attrs)
    multiscale = attributes.get("ome", attributes)["multiscales"][0]
    levels = []
    before = None
    for dataset in multiscale["datasets"]:
        values = group[dataset["path"]][...]
        transforms = {t["type"]: t[t["type"]] for t in dataset["coordinateTransformations"]}
        level = {"shape": values.shape, "dtype": str(values.dtype), **transforms}
        if before is not None:
            scale, finer = transforms["scale"], levels[-1]["scale"]
            expected = means(before, [round(a / b) for a, b in zip(scale, finer)])
            difference = numpy.abs(values.astype(numpy.float64) - expected.astype(numpy.float64))
            level["largestDifference"] = float(difference.max() / before.max())
        levels.append(level)
        before = values
    omero = attributes.get("ome", attributes)["omero"]
    print(json.dumps({"levels": levels, "type": multiscale["type"], "channels": omero["channels"]}))


if __name__ == "__main__":
    main()
