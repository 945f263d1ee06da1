/** Bundled for a browser, where it has the WebGPU of that browser compile what the kernels are made of. */
import { openDevice } from "kernels/webgpu/device/gpu_device.ts";
import { cappedLimits } from "kernels/webgpu/device/limits.ts";
import type { ProgramOptions } from "kernels/webgpu/program/program_options.ts";
import { type Program, rlProgram } from "kernels/webgpu/program/rl_program.ts";
import { compactCode, type Shader } from "kernels/webgpu/wgsl/shader.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** What came of the shaders of one box. */
export interface Compiled {
  /** Buffers that each volume was cut into. */
  readonly parts: number;
  /** Different shaders that were compiled. */
  readonly shaders: number;
  /** What the compiler said of them, information apart. */
  readonly faults: readonly string[];
}

const ACCELERATIONS = ["none", "shb", "biggs"] as const;

/** Choices between two, each a bit of a number. */
const CHOICES = 7;

/** Every kind of program that there is. */
function everyKind(): ProgramOptions[] {
  return Array.from({ length: 2 ** CHOICES }, (_, bits) => {
    const has = (choice: number) => (bits >> choice) % 2 === 1;
    return ACCELERATIONS.map((acceleration): ProgramOptions => ({
      acceleration,
      nonCirculant: has(0),
      totalVariation: has(1),
      damped: has(2),
      unmatched: has(3),
      dataType: has(4) ? "uint16" : "float32",
      otf: { real: has(5), precision: has(6) ? "float16" : "float32" },
    }));
  }).flat();
}

function shadersOf({ otf, backOtf, weights, start, iteration, measuring }: Program): Shader[] {
  return [...otf, ...backOtf, ...weights, ...start, ...iteration, ...measuring.data, ...measuring["data and held-out"]]
    .flat().map(({ shader }) => shader);
}

/**
 * Compiles each different shader of every kind of program for a box, within the limits of the device.
 *
 * @param parts buffers that each volume is to be cut into
 */
export async function compileShaders(box: Vec3, parts: number): Promise<Compiled> {
  const { device, limits } = await openDevice();
  const caps = cappedLimits(limits, { maxStorageBufferBindingSize: (4 * voxelCount(box)) / parts });
  const programs = everyKind().map((kind) => rlProgram(box, kind, caps));
  const shaders = new Map(programs.flatMap(shadersOf).map((shader) => [shader.code, shader]));
  const faults: string[] = [];
  for (const { label, code } of shaders.values()) {
    device.pushErrorScope("validation");
    const { messages } = await device.createShaderModule({ label, code: compactCode(code) }).getCompilationInfo();
    const error = await device.popErrorScope();
    const said = messages.filter(({ type }) => type !== "info")
      .map(({ type, lineNum, linePos, message }) => `${lineNum}:${linePos} ${type}: ${message}`);
    faults.push(...[...said, ...(error ? [error.message] : [])].map((fault) => `${label}: ${fault}`));
  }
  device.destroy();
  return { parts: programs[0]!.layout.parts, shaders: shaders.size, faults };
}
