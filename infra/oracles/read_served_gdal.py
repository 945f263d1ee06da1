"""Reads an OME-Zarr over HTTP with GDAL, whose Zarr is C++ of its own, and prints what it found as one JSON object.

usage: read_served_gdal.py URL OUT.raw

OUT.raw receives the full resolution as little-endian values, in C order. See unpack_suite.sh for an interpreter (forky).
"""

import json
import sys

from osgeo import gdal

gdal.UseExceptions()
url, output = sys.argv[1:]
group = gdal.OpenEx(f'ZARR:"/vsicurl/{url}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
array = group.OpenMDArray("0")
values = array.ReadAsArray()
values.astype(values.dtype.newbyteorder("<")).tofile(output)
print(
    json.dumps(
        {
            "arrays": sorted(group.GetMDArrayNames()),
            "shape": list(values.shape),
            "dtype": str(values.dtype),
            "chunks": list(array.GetBlockSize()),
        }
    )
)
