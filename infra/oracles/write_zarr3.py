"""Writes the same numbers as Zarr v3 arrays with different codecs, with zarr-python 3; see unpack_suite.sh for an interpreter.

usage: write_zarr3.py FOLDER

Every array below FOLDER has the shape 20, 30, 41 and holds (7 * index) % 65521 as uint16. Prints the names, one a line.
"""

import sys

import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

SHAPE = (20, 30, 41)
CHUNK = (8, 10, 16)

LITTLE = BytesCodec(endian="little")
VARIANTS = {
    "raw": [LITTLE],
    "big_endian": [BytesCodec(endian="big"), ZstdCodec(level=1)],
    "zstd": [LITTLE, ZstdCodec(level=3, checksum=True)],
    "gzip_crc32c": [LITTLE, GzipCodec(level=5), Crc32cCodec()],
    "blosc_lz4_bitshuffle": [LITTLE, BloscCodec(typesize=2, cname="lz4", clevel=5, shuffle="bitshuffle")],
    "blosc_zstd_shuffle": [LITTLE, BloscCodec(typesize=2, cname="zstd", clevel=5, shuffle="shuffle")],
    "transposed": [TransposeCodec(order=(2, 0, 1)), LITTLE, ZstdCodec()],
    "sharded": [ShardingCodec(chunk_shape=(4, 5, 8), codecs=[LITTLE, ZstdCodec()])],
    "sharded_start": [ShardingCodec(chunk_shape=(4, 5, 8), codecs=[LITTLE, ZstdCodec()], index_location="start")],
    "sharded_crc32c": [ShardingCodec(chunk_shape=(4, 5, 8), codecs=[LITTLE, Crc32cCodec()])],
}


def main():
    (folder,) = sys.argv[1:]
    values = ((7 * np.arange(np.prod(SHAPE))) % 65521).astype(np.uint16).reshape(SHAPE)
    for name, codecs in VARIANTS.items():
        metadata = {"shape": SHAPE, "dtype": "uint16", "chunks": CHUNK, "zarr_format": 3, "dimension_names": ["z", "y", "x"]}
        array = zarr.create(store=f"{folder}/{name}", codecs=codecs, fill_value=0, **metadata)
        array[:] = values
        print(name)


if __name__ == "__main__":
    main()
