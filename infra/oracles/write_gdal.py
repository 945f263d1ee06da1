"""Writes the same numbers as Zarr v2 and v3 arrays with different codecs, with GDAL; see unpack_suite.sh for an interpreter.

usage: write_gdal.py FOLDER

Every group below FOLDER has one array of the shape 20, 30, 41 that holds (7 * index) % 65521 as uint16. Prints the names, one
a line.
"""

import itertools
import os
import sys

import numpy as np
from osgeo import gdal

gdal.UseExceptions()

SHAPE = (20, 30, 41)
BOTH = {
    "raw": {"COMPRESS": "NONE"},
    "gzip": {"COMPRESS": "GZIP"},
    "zstd": {"COMPRESS": "ZSTD"},
    "zstd_checksum": {"COMPRESS": "ZSTD", "ZSTD_CHECKSUM": "YES"},
    "fortran": {"COMPRESS": "NONE", "CHUNK_MEMORY_LAYOUT": "F"},
    "fortran_gzip": {"COMPRESS": "GZIP", "CHUNK_MEMORY_LAYOUT": "F"},
    "other_separator": {"COMPRESS": "NONE"},
}
for cname, shuffle in itertools.product(("blosclz", "lz4", "lz4hc", "zlib", "zstd"), ("NONE", "BYTE", "BIT")):
    BOTH[f"blosc_{cname}_{shuffle}".lower()] = {"COMPRESS": "BLOSC", "BLOSC_CNAME": cname, "BLOSC_SHUFFLE": shuffle}
V2 = {
    "zlib": {"COMPRESS": "ZLIB"},
    "lz4": {"COMPRESS": "LZ4"},
    "delta": {"COMPRESS": "ZLIB", "FILTER": "DELTA"},
}


def write(path, version, options):
    driver = gdal.GetDriverByName("Zarr")
    dataset = driver.CreateMultiDimensional(path, [], [f"FORMAT=ZARR_V{version}"])
    group = dataset.GetRootGroup()
    dimensions = [group.CreateDimension(name, "", "", side) for name, side in zip("zyx", SHAPE)]
    settings = [f"{key}={value}" for key, value in {"BLOCKSIZE": "8,10,16", **options}.items()]
    array = group.CreateMDArray("image", dimensions, gdal.ExtendedDataType.Create(gdal.GDT_UInt16), settings)
    array.WriteArray(((7 * np.arange(np.prod(SHAPE))) % 65521).astype(np.uint16).reshape(SHAPE))


def main():
    (folder,) = sys.argv[1:]
    for version, variants in ((2, {**BOTH, **V2}), (3, BOTH)):
        for variant, options in variants.items():
            if variant == "other_separator":
                options = {**options, "DIM_SEPARATOR": "/" if version == 2 else "."}
            name = f"v{version}_{variant}"
            write(os.path.join(folder, name), version, options)
            print(name)


if __name__ == "__main__":
    main()
