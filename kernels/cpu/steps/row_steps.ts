/**
 * Steps on each voxel between the transforms: the ratio, the update, and how updates are extrapolated. A step handles
 * the eight rows of a group at one x: two registers of four voxels.
 */
import type { StepOptions } from "kernels/deconvolver.ts";
import { MIN_CORRECTION } from "kernels/wiener_butterworth.ts";
import type { Complex } from "../fft/arithmetic.ts";
import type { Address } from "../fft/fft_passes.ts";
import type { ImageName, MemoryLayout } from "../memory_layout.ts";
import { PhotonModel } from "./photon_model.ts";
import { HELD_OUT_RATIO_ADDRESS, MOMENTUM_ADDRESS } from "../threads/shared_control.ts";
import type { Code } from "shared/wasm/wasm_code.ts";
import {
  f32x4Add,
  f32x4Max,
  f32x4Mul,
  f32x4Sub,
  f64x2Add,
  f64x2Mul,
  f64x2PromoteLow,
  i32Const,
  shuffle32,
  v128And,
  v128Load,
  v128LoadSplat,
  v128Store,
} from "shared/wasm/wasm_code.ts";
import type { Variable, WasmFunction } from "shared/wasm/wasm_module.ts";

/** A step on voxels whose images lie at `at`; the result is transformed on. */
export type VoxelStep = (voxels: Complex, at: Address) => Complex;

/** Four voxels of every image. */
interface ImageAccess {
  load(name: ImageName): Code;
  /** Returns `value`. */
  store(name: ImageName, value: Code): Code;
}

/** Emits the steps of one kernel. */
export class RowSteps {
  readonly #into: WasmFunction;
  readonly #layout: MemoryLayout;
  readonly #minCorrection: number;
  readonly #photons: PhotonModel;

  constructor(into: WasmFunction, layout: MemoryLayout, options: StepOptions) {
    this.#into = into;
    this.#layout = layout;
    this.#minCorrection = options.backProjector === "wiener-butterworth" ? MIN_CORRECTION : 0;
    this.#photons = new PhotonModel(into, options);
  }

  /** The ratio of data and model that is projected back; `at` is the data. */
  ratio: VoxelStep = (blurred, at) =>
    this.#both(blurred, (part, offset) => {
      const data = this.#into.vector(v128Load(at.base, at.offset + offset));
      return this.#photons.ratio(data, this.#photons.model(part, data));
    });

  /**
   * Adds the I-divergence of the data from the model to `sums.fit`, and the squared differences of held-out photons to
   * `sums.heldOut`; `at` is the data. Only rows whose mask, 32 bytes at `mask`, has its bits set.
   */
  measure(mask: Address, sums: { readonly fit: LaneSum; readonly heldOut?: LaneSum }): VoxelStep {
    return (blurred, at) =>
      this.#both(blurred, (part, offset) => {
        const counts = this.#into.vector(v128Load(mask.base, mask.offset + offset));
        const data = this.#into.vector(v128Load(at.base, at.offset + offset));
        const model = this.#photons.model(part, data);
        sums.fit.add(v128And(counts, this.#photons.divergence(data, model)));
        if (sums.heldOut) {
          const { data: from, heldOut: to } = this.#layout.images;
          const photons = this.#into.vector(v128Load(at.base, at.offset + offset + to! - from!));
          const expected = this.#into.vector(f32x4Mul(model, v128LoadSplat(i32Const(0), HELD_OUT_RATIO_ADDRESS)));
          const missed = this.#into.vector(f32x4Sub(photons, expected));
          sums.heldOut.add(v128And(counts, f32x4Mul(missed, missed)));
        }
        return part;
      });
  }

  /** `estimate * correction` becomes the estimate; `at` is the estimate. */
  update: VoxelStep = (correction, at) =>
    this.#both(correction, (part, offset) => {
      const image = this.#images(at, offset);
      return image.store("estimate", this.#corrected(image.load("estimate"), part, image));
    });

  /**
   * Scaled heavy ball: `next = estimate * correction`, where the estimate is an extrapolated one, becomes the previous
   * estimate, and `max(min, next + momentum * (next - previous))` the estimate; `min` is the address of the rows' min.
   */
  updateWithMomentum = (min: Code): VoxelStep => (correction, at) =>
    this.#both(correction, (part, offset) => {
      const image = this.#images(at, offset);
      const next = this.#corrected(image.load("estimate"), part, image);
      const extrapolated = this.#extrapolate(next, image.load("previous"), v128Load(min, offset));
      image.store("previous", next);
      return image.store("estimate", extrapolated);
    });

  /** Biggs and Andrews: `predicted = max(min, estimate + momentum * (estimate - previous))`. */
  predict = (min: Code): VoxelStep => (_, at) =>
    this.#both(undefined, (_part, offset) => {
      const image = this.#images(at, offset);
      const extrapolated = this.#extrapolate(image.load("estimate"), image.load("previous"), v128Load(min, offset));
      return image.store("predicted", extrapolated);
    });

  /**
   * Biggs and Andrews: `next = predicted * correction` becomes the estimate, `next - predicted` the change.
   * Adds to the sums: the old change times the new one, the old change squared.
   */
  advance(oldTimesNew: LaneSum, oldSquared: LaneSum): VoxelStep {
    return (correction, at) =>
      this.#both(correction, (part, offset) => {
        const image = this.#images(at, offset);
        const predicted = image.load("predicted");
        const next = this.#corrected(predicted, part, image);
        const [oldChange, change] = [image.load("change"), this.#into.vector(f32x4Sub(next, predicted))];
        oldTimesNew.addProducts(oldChange, change);
        oldSquared.addProducts(oldChange, oldChange);
        image.store("change", change);
        image.store("previous", image.load("estimate"));
        return image.store("estimate", next);
      });
  }

  /** `estimate * max(correction, min) * weights`, and times what total variation makes of it. */
  #corrected(estimate: Code, correction: Code, image: ImageAccess): Code {
    const min = this.#into.constant(this.#minCorrection);
    const factors = (["weights", "variation"] as const).filter((name) => this.#layout.images[name] !== undefined);
    return factors.reduce(
      (next, name) => this.#into.vector(f32x4Mul(next, image.load(name))),
      this.#into.vector(f32x4Mul(estimate, f32x4Max(correction, min))),
    );
  }

  #extrapolate(current: Code, previous: Code, min: Code): Code {
    const step = f32x4Mul(f32x4Sub(current, previous), v128LoadSplat(i32Const(0), MOMENTUM_ADDRESS));
    return this.#into.vector(f32x4Max(f32x4Add(current, step), min));
  }

  /** The images beside the estimate at `at`: they lie behind it, at distances that are known now. */
  #images({ base, offset }: Address, half: number): ImageAccess {
    const distance = (name: ImageName) => offset + half + this.#layout.images[name]! - this.#layout.images.estimate!;
    return {
      load: (name) => this.#into.vector(v128Load(base, distance(name))),
      store: (name, value) => {
        this.#into.emit(v128Store(base, value, distance(name)));
        return value;
      },
    };
  }

  /** The step for rows 0 to 3, which are real parts, and for rows 4 to 7, which are imaginary parts. */
  #both(voxels: Complex | undefined, one: (part: Code, offset: number) => Code): Complex {
    const re = this.#into.vector(one(voxels?.re ?? [], 0));
    return { re, im: this.#into.vector(one(voxels?.im ?? [], 16)) };
  }
}

/** A sum over lanes and voxels in float64, in two lanes. */
export class LaneSum {
  readonly #into: WasmFunction;
  readonly #total: Variable;

  constructor(into: WasmFunction) {
    this.#into = into;
    this.#total = into.mutableVector(into.constant(0));
  }

  /** Adds four float32 values. */
  add(values: Code): void {
    const kept = this.#into.vector(values);
    this.#add(f64x2PromoteLow(kept));
    this.#add(f64x2PromoteLow(highHalf(kept)));
  }

  /** Adds the products of four pairs, which are not rounded. */
  addProducts(a: Code, b: Code): void {
    this.#add(f64x2Mul(f64x2PromoteLow(a), f64x2PromoteLow(b)));
    this.#add(f64x2Mul(f64x2PromoteLow(highHalf(a)), f64x2PromoteLow(highHalf(b))));
  }

  store({ base, offset }: Address): void {
    this.#into.emit(v128Store(base, this.#total.get, offset));
  }

  #add(pair: Code): void {
    this.#total.set(f64x2Add(this.#total.get, pair));
  }
}

function highHalf(values: Code): Code {
  return shuffle32(values, values, [2, 3, 2, 3]);
}
