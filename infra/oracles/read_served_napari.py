"""Reads an OME-Zarr over HTTP by docs/examples/open_in_napari.py, and prints what it found as one JSON object.

usage: read_served_napari.py URL OUT.raw

OUT.raw receives the full resolution as little-endian values, in C order. See unpack_suite.sh for an interpreter (forky).
"""

import json
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/examples"))
from open_in_napari import layers

url, output = sys.argv[1:]
[(data, arguments)] = layers(url)
levels = data if arguments["multiscale"] else [data]
values = np.asarray(levels[0])
values.astype(values.dtype.newbyteorder("<")).tofile(output)
print(
    json.dumps(
        {
            "arrays": [str(level) for level in range(len(levels))],
            "shape": values.shape,
            "dtype": str(values.dtype),
            "chunks": levels[0].chunksize,
        }
    )
)
