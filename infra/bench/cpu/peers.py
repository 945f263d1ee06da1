"""Times Richardson-Lucy as others write it, on the arrays that bench.ts made.

usage: peers.py FOLDER SIDE_Z SIDE_Y SIDE_X ITERATIONS REPEATS
Reads data.f32 and psf.f32 (both the shape of the box, PSF in the middle) and prints one JSON object: for each peer the
milliseconds per iteration of every repeat, or why it did not run. Each time is that of a call with 1 + ITERATIONS iterations
less that of a call with 1, so what a call does once is not counted.
"""
import json
import os
import sys
import time

import numpy as np


def blog(img, psf, iterations):
    """The 2020 Dask pipeline's function, as published (CuPy there, NumPy here)."""
    pad = [((s - p + 1) // 2, (s - p) // 2) for s, p in zip(img.shape, psf.shape)]
    psf = np.pad(psf, pad)
    for axis, size in enumerate(psf.shape):
        psf = np.roll(psf, int(size / 2), axis=axis)
    psf = np.fft.rfftn(psf)
    img_decon = np.copy(img)
    for _ in range(iterations):
        ratio = img / np.fft.irfftn(np.fft.rfftn(img_decon) * psf)
        img_decon *= np.fft.irfftn((np.fft.rfftn(ratio).conj() * psf).conj())
    return img_decon


def scipy_float32(img, psf, iterations):
    """The same loop by hand with what makes SciPy fast: float32, all cores, in-place arithmetic."""
    from scipy import fft

    workers = len(os.sched_getaffinity(0))
    otf = fft.rfftn(fft.ifftshift(psf), workers=workers)
    conjugate = np.conj(otf)
    estimate = img.copy()
    eps = np.float32(1e-6 * img.max())
    for _ in range(iterations):
        spectrum = fft.rfftn(estimate, workers=workers)
        spectrum *= otf
        ratio = fft.irfftn(spectrum, img.shape, workers=workers, overwrite_x=True)
        np.maximum(ratio, eps, out=ratio)
        np.divide(img, ratio, out=ratio)
        spectrum = fft.rfftn(ratio, workers=workers)
        spectrum *= conjugate
        estimate *= fft.irfftn(spectrum, img.shape, workers=workers, overwrite_x=True)
    return estimate


def scikit_image(img, psf, iterations):
    from skimage.restoration import richardson_lucy

    return richardson_lucy(img, psf, iterations, clip=False)


def milliseconds(function, img, psf, iterations, repeats):
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        function(img, psf, 1)
        once = time.perf_counter() - started
        function(img, psf, 1 + iterations)
        both = time.perf_counter() - started
        times.append(1000 * (both - 2 * once) / iterations)
    return times


def main():
    folder, *numbers = sys.argv[1:]
    *shape, iterations, repeats = map(int, numbers)
    img = np.fromfile(os.path.join(folder, "data.f32"), np.float32).reshape(shape)
    psf = np.fromfile(os.path.join(folder, "psf.f32"), np.float32).reshape(shape)
    # scikit-image pads by the PSF, so it is given the PSF without its empty surroundings.
    support = tuple(slice(used.min(), used.max() + 1) for used in np.nonzero(psf))
    peers = [("scipy.fft float32", scipy_float32, psf), ("2020 blog (NumPy)", blog, psf)]
    peers.append(("scikit-image", scikit_image, psf[support]))
    results = {}
    for name, function, kernel in peers:
        try:
            results[name] = {"milliseconds": milliseconds(function, img, kernel, iterations, repeats)}
        except ImportError as error:
            results[name] = {"missing": str(error)}
    print(json.dumps(results))


main()
