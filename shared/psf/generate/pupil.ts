/**
 * Pupils: what a lens does to the phase of each ray from a point. A ray is named by `s = n sin(theta)`, which refraction at
 * flat layers leaves unchanged.
 */
import { focusDepth, type Layers, type Objective } from "./optics.ts";

/** Phase `wavenumber * (path(s) + z * defocus(s))` of the rays `s` from 0 to `aperture`. */
export interface Pupil {
  /** Largest `s` that passes: the numerical aperture, or less where a layer reflects the rest. */
  readonly aperture: number;
  /** 2 pi / vacuum wavelength, radians per micrometre. */
  readonly wavenumber: number;
  /** Excess optical path, micrometres. */
  readonly path: (s: number) => number;
  /** Path per micrometre by which the focus is moved. */
  readonly defocus: (s: number) => number;
}

/**
 * Born & Wolf, Principles of Optics, 8.8: a perfect lens, paraxial. `z` is the distance from the focus. In focus this is the
 * Airy pattern `(2 J1(v)/v)^2`, `v = k NA r`; on the axis `(sin(u/4)/(u/4))^2`, `u = k NA^2 z / n`.
 */
export function bornWolfPupil({ na, wavelengthMicrometre, immersionIndex }: Objective): Pupil {
  return {
    aperture: na,
    wavenumber: (2 * Math.PI) / wavelengthMicrometre,
    path: () => 0,
    defocus: (s) => (s * s) / (2 * immersionIndex),
  };
}

/**
 * Gibson & Lanni, J. Opt. Soc. Am. A 9, 154 (1992), in the form of Li, Xue & Blu, J. Opt. Soc. Am. A 34, 1029 (2017): a point
 * in a sample of another index, below a coverslip. `z` is how far the stage has moved from the design focus, which lies on the
 * coverslip, towards deeper focus. Rays that the sample cannot carry (`s` beyond its index) are left out.
 */
export function gibsonLanniPupil(objective: Objective, layers: Layers): Pupil {
  const { na, wavelengthMicrometre, immersionIndex } = objective;
  const { sampleIndex, depthMicrometre, immersionDesignIndex, workingDistanceMicrometre } = layers;
  const indices = [sampleIndex, immersionDesignIndex, layers.coverslipIndex, layers.coverslipDesignIndex];
  return {
    aperture: Math.min(na, ...indices),
    wavenumber: (2 * Math.PI) / wavelengthMicrometre,
    // Each layer of thickness t and index n adds t sqrt(n^2 - s^2), here less its value for s = 0, which moves no fringe.
    path: (s) =>
      -depthMicrometre * focusDepth(s, sampleIndex) -
      workingDistanceMicrometre * (focusDepth(s, immersionIndex) - focusDepth(s, immersionDesignIndex)) -
      layers.coverslipMicrometre * focusDepth(s, layers.coverslipIndex) +
      layers.coverslipDesignMicrometre * focusDepth(s, layers.coverslipDesignIndex),
    defocus: (s) => focusDepth(s, immersionIndex),
  };
}
