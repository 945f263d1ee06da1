"""Reads OME-Zarr images with zarr-python, GDAL and napari, and prints what it found as one JSON object by name; see
unpack_suite.sh for an interpreter (forky).

usage: read_images.py FOLDER

Every NAME.zarr below FOLDER is an image. Values are told as the SHA-256 of their little-endian bytes in C order, level by level.
"""

import hashlib
import json
import os
import sys

import zarr
from napari_builtins.io import napari_get_reader
from osgeo import gdal

gdal.UseExceptions()


def digest(values):
    little = values.astype(values.dtype.newbyteorder("<"))
    return [str(values.dtype), list(values.shape), hashlib.sha256(little.tobytes("C")).hexdigest()]


def by_zarr(path):
    group = zarr.open_group(path, mode="r")
    attributes = dict(group.attrs)
    paths = paths_of(attributes)
    return attributes, {
        "levels": [digest(group[level][...]) for level in paths],
        "axes": [getattr(group[level].metadata, "dimension_names", None) for level in paths],
    }


def by_gdal(path):
    group = gdal.OpenEx(f'ZARR:"{path}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    attributes = {attribute.GetName(): json.loads(attribute.ReadAsString()) for attribute in group.GetAttributes()}
    arrays = [group.OpenMDArray(level) for level in paths_of(attributes)]
    return attributes, {
        "levels": [digest(array.ReadAsArray()) for array in arrays],
        "axes": [[dimension.GetName() for dimension in array.GetDimensions()] for array in arrays],
    }


def by_napari(path):
    ((data, *_),) = napari_get_reader(path)(path)
    return [digest(level.compute()) for level in (data if isinstance(data, list) else [data])]


def paths_of(attributes):
    return [dataset["path"] for dataset in attributes.get("ome", attributes)["multiscales"][0]["datasets"]]


def main():
    (folder,) = sys.argv[1:]
    found = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        attributes, arrays = by_zarr(path)
        same, arrays_of_gdal = by_gdal(path)
        found[name.removesuffix(".zarr")] = {
            "attributes": {"zarr": attributes, "gdal": same},
            "arrays": {"zarr": arrays, "gdal": arrays_of_gdal},
            "napari": by_napari(path),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
