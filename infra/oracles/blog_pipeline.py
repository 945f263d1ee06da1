"""The deconvolution of "Image Analysis Redux" (Dask blog, November 2020) with NumPy instead of CuPy.

usage: blog_pipeline.py IN.zarr PSF.tif OUT.raw --tile 32,64,64 --depth 8,8,8 --iterations 10 [--dtype float64]

Reads with dask.array.from_zarr, rechunks to tiles, pads every tile by `depth` of its neighbours (periodic at the edges) and
runs Richardson-Lucy on each. OUT.raw receives little-endian float32 values, x contiguous.
"""

import argparse

import dask.array as da
import numpy as np
import scipy.fft
import tifffile


def triple(text):
    return tuple(int(part) for part in text.split(","))


def deconvolve(img, psf, iterations):
    """The blog's function, line by line; scipy.fft is numpy.fft that also keeps single precision."""
    # Pad PSF with zeros to match image shape
    pad_l, pad_r = np.divmod(np.array(img.shape) - np.array(psf.shape), 2)
    pad_r += pad_l
    psf = np.pad(psf, tuple(zip(pad_l, pad_r)), "constant", constant_values=0)

    # Recenter PSF at the origin
    for i in range(psf.ndim):
        psf = np.roll(psf, psf.shape[i] // 2, axis=i)

    # Convolution requires FFT of the PSF
    psf = scipy.fft.rfftn(psf)

    # Perform deconvolution in-place on a copy of the image (avoids changing the original)
    img_decon = np.copy(img)
    for _ in range(iterations):
        ratio = img / scipy.fft.irfftn(scipy.fft.rfftn(img_decon) * psf)
        img_decon *= scipy.fft.irfftn((scipy.fft.rfftn(ratio).conj() * psf).conj())
    return img_decon


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("image")
    parser.add_argument("psf")
    parser.add_argument("output")
    parser.add_argument("--tile", type=triple, required=True)
    parser.add_argument("--depth", type=triple, required=True)
    parser.add_argument("--iterations", type=int, required=True)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    args = parser.parse_args()

    psf = tifffile.imread(args.psf).astype(np.float64)
    psf = (psf / psf.sum()).astype(args.dtype)
    imgs = da.from_zarr(args.image).astype(args.dtype).rechunk(args.tile)
    out = da.map_overlap(
        deconvolve, imgs, psf=psf, iterations=args.iterations, meta=imgs._meta, depth=args.depth, boundary="periodic"
    )
    out.compute(scheduler="synchronous").astype("<f4").tofile(args.output)


if __name__ == "__main__":
    main()
