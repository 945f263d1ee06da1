"""Reads images with GDAL, whose Zarr is C++ of its own, and prints what it found as one JSON object by name.

usage: read_gdal.py FOLDER

Every NAME below FOLDER is a group with the image's array, 0. FOLDER/NAME.raw receives its values, little-endian, in C order.
See unpack_suite.sh for an interpreter that has a GDAL which reads shards.
"""

import json
import os
import sys

from osgeo import gdal

gdal.UseExceptions()


def main():
    (folder,) = sys.argv[1:]
    found = {}
    for name in sorted(os.listdir(folder)):
        group = gdal.OpenEx(f'ZARR:"{os.path.join(folder, name)}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
        array = group.OpenMDArray("0")
        values = array.ReadAsArray()
        values.astype(values.dtype.newbyteorder("<")).tofile(os.path.join(folder, f"{name}.raw"))
        found[name] = {
            "shape": [dimension.GetSize() for dimension in array.GetDimensions()],
            "axes": [dimension.GetName() for dimension in array.GetDimensions()],
            "chunks": list(array.GetBlockSize()),
            "dtype": str(values.dtype),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
