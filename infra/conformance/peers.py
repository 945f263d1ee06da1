"""Other implementations of Richardson-Lucy behind one line protocol, for the conformance suite.

usage: peers.py NAME, where NAME is scikit-image or blog

Prints a line {"version": ...}, then answers every line of standard input
{"image": base64 float64, "shape": [...], "psf": base64 float64, "psfShape": [...], "iterations": 10, "asShipped": false}
with {"estimate": base64 float64} or {"error": "..."}.
"""

import base64
import importlib
import json
import pathlib
import sys
import warnings

import numpy as np


def scikit_image():
    import skimage.restoration

    def run(image, psf, iterations, as_shipped):
        # By default the result is clipped to -1..1, which is meant for images scaled to that range.
        return skimage.restoration.richardson_lucy(image, psf, iterations, clip=as_shipped)

    return run, importlib.import_module("skimage").__version__


def blog():
    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "oracles"))
    import blog_pipeline

    return lambda image, psf, iterations, as_shipped: blog_pipeline.deconvolve(image, psf, iterations), f"NumPy {np.__version__}"


def decode(text, shape):
    return np.frombuffer(base64.b64decode(text), "<f8").reshape(shape).copy()


def answer(run, request):
    try:
        image = decode(request["image"], request["shape"])
        psf = decode(request["psf"], request["psfShape"])
        estimate = np.asarray(run(image, psf, request["iterations"], request["asShipped"]), "<f8")
        return {"estimate": base64.b64encode(np.ascontiguousarray(estimate)).decode()}
    except Exception as error:  # whatever a peer raises is its answer
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    run, version = {"scikit-image": scikit_image, "blog": blog}[sys.argv[1]]()
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(run, json.loads(line))), flush=True)


main()
