"""Makes an OME-Zarr 0.4 of several times and channels with zarr-python 2, or compares what became of a selection with numpy.

usage: series.py make IN.zarr
       series.py check IN.zarr OUT.zarr TIMES CHANNELS

TIMES is START:STOP:STEP, CHANNELS a list of indices. `check` prints one JSON object; it reads with zarr-python 2 or 3.
"""

import json
import sys

import numpy
import zarr


def make(path):
    shape = (4, 3, 5, 24, 20)
    values = numpy.random.default_rng(1).poisson(100, shape).astype("uint16")
    group = zarr.open_group(path, mode="w")
    group.create_dataset("0", data=values, chunks=(2, 3, 5, 12, 20), dimension_separator="/")
    group.create_group("labels").create_dataset("cells", data=values[0, 0], dimension_separator="/")
    space = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    axes = [{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"}, *space]
    scale = {"type": "scale", "scale": [2.5, 1, 0.3, 0.1, 0.1]}
    level = {"path": "0", "coordinateTransformations": [scale]}
    group.attrs["multiscales"] = [{"version": "0.4", "name": "cells", "axes": axes, "datasets": [level]}]
    names = zip(("DAPI", "GFP", "far red"), ("0000FF", "00FF00", "FF00FF"))
    group.attrs["omero"] = {"channels": [{"label": label, "color": color} for label, color in names]}


def check(source, output, times, channels):
    picked = slice(*map(int, times.split(":")))
    expected = zarr.open_group(source, mode="r")["0"][:][picked][:, [int(channel) for channel in channels.split(",")]]
    group = zarr.open_group(output, mode="r")
    attributes = dict(group.attrs)
    ome = attributes.get("ome", attributes)
    multiscale = ome["multiscales"][0]
    found = group[multiscale["datasets"][0]["path"]][:]
    shown = {
        "shape": list(found.shape),
        "largestDifference": float(abs(found - expected).max() / expected.max()),
        "units": [axis.get("unit") for axis in multiscale["axes"]],
        "transformations": multiscale["datasets"][0]["coordinateTransformations"],
        "channels": [[channel["label"], channel["color"]] for channel in ome["omero"]["channels"]],
    }
    print(json.dumps(shown))


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
