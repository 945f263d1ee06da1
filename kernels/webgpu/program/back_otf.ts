/**
 * The transform of the Wiener-Butterworth back-projector, made on the host from the OTF that the device computed: once per
 * deconvolver, and with the formulas that both backends share.
 */
import type { Vec3 } from "shared/volume/geometry.ts";
import type { Volume } from "kernels/deconvolver.ts";
import { type BackProjectorGain, cyclesPerVoxel, wienerButterworthGain } from "kernels/wiener_butterworth.ts";

/**
 * Multiplies a whole OTF, as layout.ts stores it, by the gain of the projector in place; the conjugate is taken where it is
 * used.
 */
export function applyBackProjector(otf: Float32Array, psf: Volume, box: Vec3): void {
  const gain = wienerButterworthGain(psf);
  const [nz, ny, nx] = box;
  scaleColumnZero(otf, gain, box);
  for (let z = 0, at = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      at += 2;
      for (let x = 1; x < nx / 2; x++, at += 2) {
        const factor = gain([cyclesPerVoxel(z, nz), cyclesPerVoxel(y, ny), x / nx], otf[at] ** 2 + otf[at + 1] ** 2);
        otf[at] *= factor;
        otf[at + 1] *= factor;
      }
    }
  }
}

/** Column 0 holds `A + sqrt(-1) B` for coefficients A at 0 and B at half a cycle per voxel, see packed_column_kernel.ts. */
function scaleColumnZero(otf: Float32Array, gain: BackProjectorGain, [nz, ny, nx]: Vec3): void {
  const index = (z: number, y: number) => (((z + nz) % nz) * ny + ((y + ny) % ny)) * nx;
  const scaled = new Float64Array(2 * nz * ny);
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const [own, other] = [index(z, y), index(-z, -y)];
      const [re, im, otherRe, otherIm] = [otf[own], otf[own + 1], otf[other], otf[other + 1]];
      const a = [(re + otherRe) / 2, (im - otherIm) / 2];
      const b = [(im + otherIm) / 2, (otherRe - re) / 2];
      const ks = [cyclesPerVoxel(z, nz), cyclesPerVoxel(y, ny)] as const;
      const gainA = gain([...ks, 0], a[0] ** 2 + a[1] ** 2);
      const gainB = gain([...ks, 0.5], b[0] ** 2 + b[1] ** 2);
      scaled.set([a[0] * gainA - b[1] * gainB, a[1] * gainA + b[0] * gainB], 2 * (z * ny + y));
    }
  }
  for (let row = 0; row < nz * ny; row++) otf.set(scaled.subarray(2 * row, 2 * row + 2), row * nx);
}
