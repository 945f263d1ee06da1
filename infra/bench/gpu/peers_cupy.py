"""Times Richardson-Lucy in CuPy: as the 2020 Dask pipeline wrote it, and tuned by hand. NumPy and SciPy where CuPy is absent.

usage: peers_cupy.py FOLDER SIDE_Z SIDE_Y SIDE_X ITERATIONS REPEATS
Reads data.f32 and psf.f32 (both the shape of the box, the PSF's centre at side // 2), writes the estimate of the tuned variant
after ITERATIONS iterations to tuned.f32, and prints one JSON object: `library`, and for each variant the milliseconds per
iteration of every repeat: a call of 3 * ITERATIONS iterations less one of ITERATIONS, device synchronised.
"""
import json
import os
import sys
import time

import numpy as np

try:
    import cupy as xp

    xp.cuda.runtime.getDeviceCount()
    import cupyx.scipy.fft as fft

    LIBRARY = f"CuPy {xp.__version__}"
    synchronize = xp.cuda.Device().synchronize
except Exception as error:  # a missing package, driver or device
    import scipy.fft as fft

    xp = np
    LIBRARY = f"NumPy {np.__version__} (no CuPy: {type(error).__name__})"

    def synchronize():
        pass


def blog(img, psf, iterations):
    """The published function, with the PSF padded already."""
    psf_fft = xp.fft.rfftn(psf)
    img_decon = xp.copy(img)
    for _ in range(iterations):
        ratio = img / xp.fft.irfftn(xp.fft.rfftn(img_decon) * psf_fft)
        img_decon *= xp.fft.irfftn((xp.fft.rfftn(ratio).conj() * psf_fft).conj())
    return img_decon


def fused():
    """Element-wise work of the tuned variant, one kernel each."""
    if xp is np:

        def times(spectrum, otf):
            spectrum *= otf

        def times_conjugate(spectrum, otf):
            spectrum *= np.conj(otf)

        def ratio(img, model, eps):
            np.divide(img, np.maximum(model, eps, out=model), out=model)

        def update(estimate, correction):
            estimate *= np.maximum(correction, 0, out=correction)

        return times, times_conjugate, ratio, update
    kernel = xp.ElementwiseKernel
    times = kernel("complex64 otf", "complex64 s", "s = s * otf", "times")
    times_conjugate = kernel("complex64 otf", "complex64 s", "s = s * conj(otf)", "times_conjugate")
    ratio = kernel("float32 d, float32 eps", "float32 m", "m = d / max(m, eps)", "ratio")
    update = kernel("float32 c", "float32 u", "u = u * max(c, 0.0f)", "update")
    return (
        lambda spectrum, otf: times(otf, spectrum),
        lambda spectrum, otf: times_conjugate(otf, spectrum),
        lambda img, model, eps: ratio(img, eps, model),
        lambda estimate, correction: update(correction, estimate),
    )


def tuned(img, psf, iterations):
    """Four transforms without copies or scaling (1/N is in the OTF), four fused element-wise kernels."""
    times, times_conjugate, ratio, update = fused()
    otf = (fft.rfftn(psf) / np.float32(img.size)).astype(xp.complex64)
    eps = np.float32(1e-6 * float(img.max()))
    estimate = img.copy()
    back = {"norm": "forward", "overwrite_x": True}
    for _ in range(iterations):
        spectrum = fft.rfftn(estimate)
        times(spectrum, otf)
        model = fft.irfftn(spectrum, img.shape, **back)
        ratio(img, model, eps)
        spectrum = fft.rfftn(model, overwrite_x=True)
        times_conjugate(spectrum, otf)
        update(estimate, fft.irfftn(spectrum, img.shape, **back))
    return estimate


def milliseconds(function, img, psf, iterations, repeats):
    def seconds(count):
        synchronize()
        started = time.perf_counter()
        function(img, psf, count)
        synchronize()
        return time.perf_counter() - started

    seconds(2)
    times = []
    for _ in range(repeats):
        less = seconds(iterations)
        times.append(1000 * (seconds(3 * iterations) - less) / (2 * iterations))
    return times


def main():
    folder, *numbers = sys.argv[1:]
    *shape, iterations, repeats = map(int, numbers)

    def load(name):
        return xp.asarray(np.fromfile(os.path.join(folder, name), np.float32).reshape(shape))

    img = load("data.f32")
    psf = load("psf.f32")
    # The centre to the origin. The published code rolls by N // 2, which for even sides is the same.
    psf = xp.ascontiguousarray(xp.fft.ifftshift(psf))
    result = tuned(img, psf, iterations)
    np.asarray(result.get() if xp is not np else result, np.float32).tofile(os.path.join(folder, "tuned.f32"))
    report = {"library": LIBRARY}
    for name, function in [("blog", blog), ("tuned", tuned)]:
        try:
            report[name] = milliseconds(function, img, psf, iterations, repeats)
        except MemoryError as error:
            report[name] = []
            print(f"{name}: {error}", file=sys.stderr)
    print(json.dumps(report))


main()
