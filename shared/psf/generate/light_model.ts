/**
 * Microscopes as products of light fields: wide-field, confocal (excitation times emission seen through the pinhole) and
 * light-sheet (detection times the sheet).
 */
import { gaussLegendre, nodesForAverage } from "./gauss_legendre.ts";
import { type FieldExtent, type LightField, lightField } from "./light_field.ts";
import type { Pupil } from "./pupil.ts";
import { applyRow, radiiFor, rowOf } from "./radial_line.ts";

/** A field yet to be computed, and how fast it can change. */
export interface LightModel {
  /** Fastest oscillation of the intensity across and along the axis, radians per micrometre. */
  readonly bandwidth: { readonly lateral: number; readonly axial: number };
  /** Depths between which the light is brightest, micrometres. */
  readonly focusRange: readonly [number, number];
  readonly prepare: (extent: FieldExtent) => LightField;
}

/** All light that the lens gathers. */
export function wideField(pupil: Pupil): LightModel {
  const { aperture, wavenumber } = pupil;
  const axial = wavenumber * pupil.defocus(aperture);
  const [nearest, farthest] = rayFoci(pupil);
  const margin = (2 * Math.PI) / axial;
  return {
    bandwidth: { lateral: 2 * wavenumber * aperture, axial },
    focusRange: [nearest - margin, farthest + margin],
    prepare: (extent) => lightField(pupil, extent),
  };
}

/** Depths where rays cross the axis: between the paraxial and the marginal focus. */
function rayFoci(pupil: Pupil): readonly [number, number] {
  const ZONES = 32;
  const edges = Array.from({ length: ZONES + 1 }, (_, i) => pupil.aperture * Math.sqrt(i / ZONES));
  const foci = edges.slice(1).map((outer, i) => {
    const inner = edges[i];
    return -(pupil.path(outer) - pupil.path(inner)) / (pupil.defocus(outer) - pupil.defocus(inner));
  });
  return [Math.min(...foci), Math.max(...foci)];
}

/** Light that has to be in both places: excitation and emission. */
export function productOf(a: LightModel, b: LightModel): LightModel {
  return {
    bandwidth: {
      lateral: a.bandwidth.lateral + b.bandwidth.lateral,
      axial: a.bandwidth.axial + b.bandwidth.axial,
    },
    focusRange: [
      Math.min(a.focusRange[0], b.focusRange[0]),
      Math.max(a.focusRange[1], b.focusRange[1]),
    ],
    prepare: (extent) => {
      const first = a.prepare(extent);
      const second = b.prepare(extent);
      return {
        at: (depths) => {
          const other = second.at(depths);
          return first.at(depths).map((value, i) => value * other[i]);
        },
      };
    },
  };
}

/**
 * Light averaged over a round pinhole, `radius` measured in the sample, micrometres: the mean over a disc about each point, by
 * Gauss-Legendre quadrature in the disc's radius and evenly spaced angles.
 */
export function throughPinhole(model: LightModel, radius: number): LightModel {
  const { lateral } = model.bandwidth;
  const rings = gaussLegendre(nodesForAverage(lateral, radius, 1e-7).nodes.length + 2);
  const angles = 8 + Math.ceil(lateral * radius);
  const prepare = ({ radii, depths }: FieldExtent): LightField => {
    const widest = radii.reduce((most, r) => Math.max(most, r), 0) + radius;
    const source = radiiFor(lateral, widest);
    const rows = Array.from(radii, (r) => {
      const at: number[] = [];
      const weights: number[] = [];
      rings.nodes.forEach((node, ring) => {
        const s = radius * (node + 1) / 2;
        for (let i = 0; i < angles; i++) {
          const angle = Math.PI * (i + 0.5) / angles;
          at.push(Math.sqrt(Math.max(0, r * r + s * s + 2 * r * s * Math.cos(angle))) / source.step);
          weights.push(rings.weights[ring] * s / radius / angles);
        }
      });
      return rowOf(at, weights);
    });
    const field = model.prepare({ radii: source.radii, depths });
    return {
      at: (planes) => {
        const table = field.at(planes);
        const seen = new Float64Array(planes.length * radii.length);
        for (let i = 0; i < seen.length; i++) {
          const plane = Math.floor(i / radii.length);
          seen[i] = applyRow(rows[i % radii.length], table, plane * source.radii.length);
        }
        return seen;
      },
    };
  };
  return { ...model, prepare };
}

/** Light of fluorophores that only a sheet of Gaussian profile excites, `fwhm` thick at half height and centred at `depth`. */
export function inLightSheet(model: LightModel, fwhm: number, depth: number): LightModel {
  const sigma = fwhm / (2 * Math.sqrt(2 * Math.LN2));
  return {
    ...model,
    // The spectrum of the sheet has fallen to 1e-6 at 5.3 / sigma.
    bandwidth: { ...model.bandwidth, axial: model.bandwidth.axial + 5.3 / sigma },
    prepare: (extent) => {
      const field = model.prepare(extent);
      return {
        at: (depths) => {
          const sheet = depths.map((z) => Math.exp(-0.5 * ((z - depth) / sigma) ** 2));
          return field.at(depths).map((value, i) => value * sheet[Math.floor(i / extent.radii.length)]);
        },
      };
    },
  };
}

/** Intensity along the axis. */
export function onAxis(model: LightModel, depths: readonly [number, number]): (depth: number) => number {
  const field = model.prepare({ radii: new Float64Array(1), depths });
  return (depth) => field.at(Float64Array.of(depth))[0];
}

/** Depth of the brightest point of the axis: a scan finer than anything can change, then golden sections. */
export function brightestDepth(model: LightModel): number {
  const [nearest, farthest] = model.focusRange;
  const intensity = onAxis(model, model.focusRange);
  const steps = Math.ceil((farthest - nearest) * model.bandwidth.axial) + 1;
  const depthAt = (i: number) => nearest + (farthest - nearest) * i / steps;
  let best = 0;
  let most = -1;
  for (let i = 0; i <= steps; i++) {
    const value = intensity(depthAt(i));
    if (value > most) [best, most] = [i, value];
  }
  let low = depthAt(best - 1);
  let high = depthAt(best + 1);
  const GOLDEN = (Math.sqrt(5) - 1) / 2;
  while (high - low > 1e-6) {
    const left = high - GOLDEN * (high - low);
    const right = low + GOLDEN * (high - low);
    if (intensity(left) > intensity(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}
