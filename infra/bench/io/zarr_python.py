"""Times zarr-python 3 on the arrays of infra/bench/io: `zarr_python.py FOLDER DEPTH HEIGHT WIDTH REPEATS`.

Reads FOLDER/volume.raw (uint16), writes it with each codec, reads that and our own output back, and prints JSON: processor seconds of
every repeat by what was done.
"""

import json
import shutil
import sys
import time

import numcodecs.blosc
import numpy
import zarr
from zarr.codecs import BloscCodec, ZstdCodec

folder = sys.argv[1]
*shape, repeats = map(int, sys.argv[2:6])
chunk = (16, 256, 256)
volume = numpy.fromfile(f"{folder}/volume.raw", dtype="<u2").reshape(shape)
numcodecs.blosc.set_nthreads(1)
codecs = {
    "blosc": BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=2),
    "zstd": ZstdCodec(level=1),
}


def timed(run):
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def write(name, codec):
    path = f"{folder}/python-{name}.zarr"
    shutil.rmtree(path, ignore_errors=True)
    array = zarr.create_array(path, shape=tuple(shape), chunks=chunk, dtype="uint16", compressors=codec, fill_value=0)
    array[:] = volume


seconds = {}


def read(name, path):
    reads = [timed(lambda: zarr.open_array(path, mode="r")[:]) for _ in range(repeats)]
    assert all((values == volume).all() for _, values in reads), f"{path} reads as other values"
    seconds[f"read {name}"] = [each for each, _ in reads]


for name, codec in codecs.items():
    seconds[f"write {name}"] = [timed(lambda: write(name, codec))[0] for _ in range(repeats)]
    read(name, f"{folder}/python-{name}.zarr")
read("ours", f"{folder}/ours.zarr/0")
print(json.dumps({"version": zarr.__version__, "seconds": seconds}))
