"""Reads, copies and writes as the job of infra/bench/host does, with zarr-python 2: `zarr_python.py FOLDER TILE_Z TILE_Y TILE_X HALO THREADS`.

Each tile's box (periodic) of FOLDER/source.zarr/0 (uint16), as float32 times a number, its core to FOLDER/python.zarr with the same codec,
and the mean of 2 x 2 x 2 voxels of it to FOLDER/python-level.zarr. Prints JSON: processor and wall seconds, without and with the level.
"""

import itertools
import json
import shutil
import sys
import time

import numcodecs
import numpy
import zarr

folder = sys.argv[1]
*tile, halo, threads = map(int, sys.argv[2:7])
numcodecs.blosc.set_nthreads(threads)
source = zarr.open_array(f"{folder}/source.zarr/0", mode="r")
codec = numcodecs.Blosc(cname="zstd", clevel=1, shuffle=numcodecs.Blosc.SHUFFLE)


def create(name, shape):
    path = f"{folder}/{name}.zarr"
    shutil.rmtree(path, ignore_errors=True)
    chunks = tuple(min(side, most) for side, most in zip(shape, (16, 256, 256)))
    return zarr.open_array(path, mode="w", shape=shape, chunks=chunks, dtype="<f4", compressor=codec, fill_value=0)


def read_box(start):
    """Voxels of a box around a tile; what lies outside comes from the other end."""
    parts = [source[tuple(slice(max(0, at - halo), min(length, at + side + halo)) for at, side, length in zip(start, tile, source.shape))]]
    pads = [(max(0, halo - at), max(0, at + side + halo - length)) for at, side, length in zip(start, tile, source.shape)]
    return numpy.pad(parts[0], pads, mode="wrap")


def job(with_level):
    output = create("python", source.shape)
    level = create("python-level", tuple(side // 2 for side in source.shape)) if with_level else None
    for start in itertools.product(*(range(0, length, side) for length, side in zip(source.shape, tile))):
        estimate = read_box(start).astype("float32") * numpy.float32(0.739085)
        core = estimate[tuple(slice(halo, halo + side) for side in tile)]
        output[tuple(slice(at, at + side) for at, side in zip(start, tile))] = core
        if level is not None:
            z, y, x = (side // 2 for side in tile)
            means = core.reshape(z, 2, y, 2, x, 2).mean(axis=(1, 3, 5))
            level[tuple(slice(at // 2, at // 2 + side // 2) for at, side in zip(start, tile))] = means


def timed(with_level):
    begin, began = time.process_time(), time.perf_counter()
    job(with_level)
    return {"processor": time.process_time() - begin, "wall": time.perf_counter() - began}


print(json.dumps({"version": zarr.__version__, "plain": timed(False), "pyramid": timed(True)}))
