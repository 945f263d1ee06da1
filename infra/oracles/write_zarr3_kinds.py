"""Writes arrays of every type, byte order, fill value and less usual codec with zarr-python 3, in Zarr v3 and v2; see
unpack_suite.sh for an interpreter.

usage: write_zarr3_kinds.py FOLDER

Prints a JSON object: `readable` are the names of arrays FOLDER/NAME, of which FOLDER/NAME.f32 holds the values as little-endian
float32 in C order; `refused` are those that hold what is no image, or are encoded as nobody else encodes.
"""

import json
import os
import sys
import warnings

import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec

try:
    from zarr.codecs import numcodecs as extra
except ImportError:
    from numcodecs import zarr3 as extra

warnings.simplefilter("ignore")
folder = sys.argv[1]
SHAPE, CHUNK = (5, 11, 13), (2, 4, 6)
DTYPES = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64".split()
FILLS = {"nan": ("float32", np.nan), "inf": ("float64", np.inf), "minus_inf": ("float16", -np.inf), "negative": ("int16", -7),
         "largest": ("uint64", 2**64 - 1), "least": ("int64", -(2**63)), "fraction": ("float64", 1 / 3), "true": ("bool", True)}
found = {"readable": [], "refused": []}


def values(dtype):
    ramp = (np.arange(np.prod(SHAPE)) * 7919 % 251).reshape(SHAPE)
    if dtype == "bool":
        return ramp % 3 == 0
    return (ramp - (0 if dtype.startswith("u") else 125)).astype(dtype) if dtype != "float64" else (ramp - 100) / 3


def create(name, dtype="uint16", **options):
    return zarr.create_array(f"{folder}/{name}", shape=SHAPE, dtype=dtype, chunks=CHUNK, **options)


def keep(name, array, data, path=""):
    array[...] = data
    found["readable"].append(name)
    data.astype("<f4").tofile(os.path.join(folder, f"{name}.f32"))


for dtype in DTYPES:
    keep(f"v2_{dtype}", create(f"v2_{dtype}", dtype, zarr_format=2), values(dtype))
    for endian in ("little", "big"):
        name = f"{endian}_{dtype}"
        keep(name, create(name, dtype, serializer=BytesCodec(endian=endian)), values(dtype))
for name, (dtype, fill) in FILLS.items():
    for version in (2, 3):
        array = create(f"fill_{name}_{version}", dtype, fill_value=fill, zarr_format=version)
        # One chunk is stored and all others are missing.
        data = np.full(SHAPE, fill, dtype)
        data[0:2, 4:8, 0:6] = array[0:2, 4:8, 0:6] = 1
        found["readable"].append(f"fill_{name}_{version}")
        data.astype("<f4").tofile(os.path.join(folder, f"fill_{name}_{version}.f32"))
for cname in ("lz4", "lz4hc", "blosclz", "zstd", "zlib"):
    for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
        name = f"blosc_{cname}_{shuffle}"
        keep(name, create(name, compressors=BloscCodec(typesize=2, cname=cname, shuffle=shuffle)), values("uint16"))
keep("v2_fortran", create("v2_fortran", zarr_format=2, order="F"), values("uint16"))
for separator in "./":
    encoding = {"name": "v2", "separator": separator}
    name = "dotted" if separator == "." else "nested"
    keep(f"v2_{name}", create(f"v2_{name}", zarr_format=2, chunk_key_encoding=encoding), values("uint16"))
    encoding = {"name": "default", "separator": separator}
    keep(f"v3_{name}", create(f"v3_{name}", chunk_key_encoding=encoding), values("uint16"))

for name, options in {
    "zlib": {"compressors": extra.Zlib(level=1)},
    "lz4": {"compressors": extra.LZ4()},
    "gzip": {"compressors": extra.GZip(level=1)},
    "zstd": {"compressors": extra.Zstd(level=1)},
    "shuffle": {"compressors": [extra.Shuffle(elementsize=2), extra.Zlib()]},
    "delta": {"filters": extra.Delta(dtype="<u2")},
}.items():
    keep(f"numcodecs_{name}", create(f"numcodecs_{name}", **options), values("uint16"))

# Whole numbers keep their values.
quantize = {"filters": extra.Quantize(digits=3, dtype="<f4")}
keep("numcodecs_quantize", create("numcodecs_quantize", "float32", **quantize), values("float32"))

group = zarr.open_group(f"{folder}/consolidated", mode="w")
keep("consolidated", group.create_array("only", shape=SHAPE, dtype="uint16", chunks=CHUNK), values("uint16"))
zarr.consolidate_metadata(f"{folder}/consolidated")

for name, dtype, options in [
    ("bz2", "uint16", {"compressors": extra.BZ2()}),
    ("crc32", "uint16", {"compressors": extra.CRC32()}),
    ("lzma", "uint16", {"compressors": extra.LZMA()}),
    ("packbits", "bool", {"filters": extra.PackBits()}),
    ("complex64", "complex64", {}),
    ("complex128_2", "complex128", {"zarr_format": 2}),
    ("text", "U5", {}),
    ("text_2", "U5", {"zarr_format": 2}),
    ("structure", [("a", "f4"), ("b", "i2")], {}),
    ("structure_2", [("a", "f4"), ("b", "i2")], {"zarr_format": 2}),
    ("date", "M8[s]", {}),
    ("raw_bytes", "V4", {}),
]:
    try:
        create(f"no_{name}", dtype, **options)
        found["refused"].append(f"no_{name}")
    except (KeyError, TypeError, ValueError):
        # Older releases cannot write it either.
        pass
print(json.dumps(found))
