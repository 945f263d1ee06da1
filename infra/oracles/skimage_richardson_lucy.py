"""Richardson-Lucy of scikit-image in double precision; it starts from a constant and takes zeros outside the image.

usage: skimage_richardson_lucy.py IN.zarr PSF.tif OUT.raw --iterations 10

OUT.raw receives little-endian float32 values, x contiguous.
"""

import argparse

import numpy as np
import skimage.restoration
import tifffile
import zarr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("image")
    parser.add_argument("psf")
    parser.add_argument("output")
    parser.add_argument("--iterations", type=int, required=True)
    args = parser.parse_args()

    image = zarr.open(args.image, mode="r")[:].astype(np.float64)
    psf = tifffile.imread(args.psf).astype(np.float64)
    restored = skimage.restoration.richardson_lucy(image, psf / psf.sum(), args.iterations, clip=False)
    restored.astype("<f4").tofile(args.output)


if __name__ == "__main__":
    main()
