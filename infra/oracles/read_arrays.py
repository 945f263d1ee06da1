"""Reads images as zarr-python does, version 2 or 3, and prints what it found as one JSON object by name.

usage: read_arrays.py FOLDER

Every NAME below FOLDER is a group with the image's array, 0. FOLDER/NAME.raw receives its values, little-endian, in C order.
"""

import json
import os
import sys

import zarr


def main():
    (folder,) = sys.argv[1:]
    found = {}
    for name in sorted(os.listdir(folder)):
        group = zarr.open_group(os.path.join(folder, name), mode="r")
        array = group["0"]
        values = array[...]
        values.astype(values.dtype.newbyteorder("<")).tofile(os.path.join(folder, f"{name}.raw"))
        consolidated = os.path.exists(os.path.join(folder, name, ".zmetadata"))
        arrays = zarr.open_consolidated(os.path.join(folder, name), mode="r").array_keys() if consolidated else group.array_keys()
        found[name] = {
            "shape": array.shape,
            "chunks": array.chunks,
            "shards": getattr(array, "shards", None),
            "dtype": str(array.dtype),
            "arrays": sorted(arrays),
            "attributes": dict(group.attrs),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
