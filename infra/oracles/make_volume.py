"""Writes a volume (Zarr v2, as the 2020 pipeline read it) and a point spread function (TIFF), both seeded.

usage: make_volume.py IN.zarr PSF.tif --shape 64,128,128 --psf-shape 16,16,16 [--seed 1] [--chunk 32,64,64] [--zero-outside 8]

With --zero-outside the background is exactly zero, and so is everything within so many voxels of the edges.
"""

import argparse

import numpy as np
import tifffile
import zarr


def triple(text):
    return tuple(int(part) for part in text.split(","))


def point_spread_function(shape):
    """An off-axis, skewed Gaussian: nothing symmetric, so that a mirrored or shifted use of it shows."""
    z, y, x = np.meshgrid(*(np.arange(n) - n // 2 for n in shape), indexing="ij")
    psf = np.exp(-0.5 * (((z - 0.4) / 2.4) ** 2 + ((y + 0.3 + 0.15 * z) / 1.5) ** 2 + ((x - 0.2 - 0.1 * z) / 1.4) ** 2))
    return (psf / psf.sum()).astype(np.float32)


def volume(shape, psf, rng, margin):
    """Bright points and rods, blurred, on a background of 20 photons (or none), with photon noise; uint16."""
    truth = np.zeros(shape)
    low = margin + max(psf.shape) if margin else 0
    for _ in range(60):
        at = [rng.integers(low, n - low) for n in shape]
        truth[tuple(at)] += rng.uniform(2_000, 20_000)
    for _ in range(12):
        z, y = (rng.integers(low, n - low) for n in shape[:2])
        first, last = sorted(rng.integers(low, shape[2] - low, 2))
        truth[z, y, first:last] += rng.uniform(200, 1_000)
    at_origin = np.zeros(shape)
    at_origin[tuple(slice(n) for n in psf.shape)] = psf
    at_origin = np.roll(at_origin, [-(n // 2) for n in psf.shape], axis=(0, 1, 2))
    blurred = np.fft.irfftn(np.fft.rfftn(truth) * np.fft.rfftn(at_origin), shape)
    if not margin:
        return rng.poisson(np.maximum(blurred, 0) + 20).astype(np.uint16)
    counts = rng.poisson(np.maximum(blurred, 0))
    return np.where(blurred < 0.02 * blurred.max(), 0, np.maximum(counts, 1)).astype(np.uint16)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("image")
    parser.add_argument("psf")
    parser.add_argument("--shape", type=triple, required=True)
    parser.add_argument("--psf-shape", type=triple, required=True)
    parser.add_argument("--chunk", type=triple, default=(32, 64, 64))
    parser.add_argument("--zero-outside", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    psf = point_spread_function(args.psf_shape)
    image = volume(args.shape, psf, np.random.default_rng(args.seed), args.zero_outside)
    zarr.save_array(args.image, image, chunks=args.chunk)
    tifffile.imwrite(args.psf, psf, photometric="minisblack")


if __name__ == "__main__":
    main()
