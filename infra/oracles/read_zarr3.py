"""Reads an OME-Zarr with zarr-python 3 and prints what it found as one JSON object; see unpack_suite.sh for an interpreter.

usage: read_zarr3.py IN.zarr OUT.raw

OUT.raw receives the full resolution as little-endian values, x contiguous.
"""

import json
import sys

import zarr


def main():
    source, output = sys.argv[1:]
    group = zarr.open_group(source, mode="r")
    multiscale = group.attrs["ome"]["multiscales"][0]
    dataset = multiscale["datasets"][0]
    array = group[dataset["path"]]
    values = array[:]
    values.astype(values.dtype.newbyteorder("<")).tofile(output)
    print(
        json.dumps(
            {
                "version": group.attrs["ome"]["version"],
                "shape": array.shape,
                "dtype": str(array.dtype),
                "chunks": array.chunks,
                "dimensionNames": array.metadata.dimension_names,
                "axes": multiscale["axes"],
                "scale": dataset["coordinateTransformations"][0]["scale"],
            }
        )
    )


if __name__ == "__main__":
    main()
