/**
 * Turns passes into work for a device: the only place where shaders meet it.
 */
import { ClearstackError } from "shared/errors.ts";
import type { DeviceBuffers } from "./buffers.ts";
import type { Pass } from "../program/pass.ts";
import { type Access, compactCode, type Shader } from "../wgsl/shader.ts";

/** A pass that a device can run. */
export interface PreparedPass {
  /** Its shader's. */
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: readonly [x: number, y: number];
}

/** Compiles each shader once for the life of a device. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, GPUComputePipeline>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Binds passes to buffers. */
  async prepare(passes: readonly Pass[], buffers: DeviceBuffers): Promise<PreparedPass[]> {
    const prepared: PreparedPass[] = [];
    for (const { shader, resources, grid } of passes) {
      const pipeline = await this.#pipeline(shader);
      const entries = resources.map(({ buffer, offset, bytes }, binding) => ({
        binding,
        resource: { buffer: buffers.get(buffer), offset, size: bytes },
      }));
      const bindGroup = this.#device.createBindGroup({
        label: shader.label,
        layout: pipeline.getBindGroupLayout(0),
        entries,
      });
      prepared.push({ label: shader.label, pipeline, bindGroup, grid });
    }
    return prepared;
  }

  async #pipeline(shader: Shader): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(shader.code);
    if (known) return known;
    const device = this.#device;
    const { label, code } = shader;
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label, code: compactCode(code) });
    const entries = shader.bindings.map(({ access }, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: BUFFER_TYPE[access] },
    }));
    const layout = device.createPipelineLayout({
      bindGroupLayouts: [device.createBindGroupLayout({ label, entries })],
    });
    const pipeline = device.createComputePipeline({ label, layout, compute: { module, entryPoint: "main" } });
    const error = await device.popErrorScope();
    if (error) throw new ClearstackError("internal", await shaderMessage(label, module, error));
    this.#pipelines.set(code, pipeline);
    return pipeline;
  }
}

/** Records passes into one compute pass; WebGPU orders those that share a buffer. */
export function encodePasses(
  encoder: GPUCommandEncoder,
  passes: readonly PreparedPass[],
  timestampWrites?: GPUComputePassTimestampWrites,
): void {
  const computePass = encoder.beginComputePass(timestampWrites && { timestampWrites });
  for (const { pipeline, bindGroup, grid } of passes) {
    computePass.setPipeline(pipeline);
    computePass.setBindGroup(0, bindGroup);
    computePass.dispatchWorkgroups(...grid);
  }
  computePass.end();
}

const BUFFER_TYPE: Readonly<Record<Access, GPUBufferBindingType>> = {
  read: "read-only-storage",
  write: "storage",
  read_write: "storage",
  uniform: "uniform",
};

/** The error alone says only that something is invalid. */
async function shaderMessage(label: string, module: GPUShaderModule, error: GPUError): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  const lines = messages.map(({ lineNum, linePos, type, message }) => `${lineNum}:${linePos} ${type}: ${message}`);
  return [`the GPU refused the shader "${label}": ${error.message}`, ...lines].join("; ").replaceAll(/\s+/g, " ");
}
