/** `clearstack doctor`: what this machine can do, tried out and told in plain words. */
import { chooseBackend } from "kernels/backend.ts";
import type { AdapterReport } from "kernels/webgpu/device/gpu_device.ts";
import { probeWebGpu } from "kernels/webgpu/device/probe_webgpu.ts";
import { toClearstackError } from "shared/errors.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import { VERSION } from "shared/version.ts";
import { adviseBuffer, type BufferFinding, checkLargeBuffer, describeBuffer } from "./doctor_buffer.ts";
import { checkKernels, type KernelCheck, solveByHand } from "./doctor_kernels.ts";
import { lookAtMachine, type Machine } from "./doctor_machine.ts";
import type { Io } from "../io.ts";
import { parseArguments } from "../flags/parse_arguments.ts";

/** Findings of the doctor; the object that `--json` prints. */
export interface Findings {
  readonly version: string;
  readonly machine: Machine;
  readonly adapter: AdapterReport;
  /** Backend that `--backend auto` takes, and the reason. */
  readonly choice: { readonly backend?: "webgpu" | "cpu"; readonly reason: string };
  /** Memory that jobs stay within where they say nothing else, bytes. */
  readonly budget: { readonly hostBytes: number; readonly deviceBytes: number };
  readonly kernels: readonly KernelCheck[];
  /** Absent where there is no GPU. */
  readonly largeBuffer?: BufferFinding;
  /** True if jobs can run here. */
  readonly usable: boolean;
  /** Advice on what to mend, one line each. */
  readonly advice: readonly string[];
}

/** Runs the command; exit status 0 if jobs can run on this machine, else 1. */
export async function doctorCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, { usage: "doctor", positionals: [], flags: { "json": {} } });
  const findings = await examine(io);
  io.out(parsed.has("json") ? `${JSON.stringify(findings)}\n` : describe(findings));
  return findings.usable ? 0 : 1;
}

async function examine(io: Io): Promise<Findings> {
  const machine = await lookAtMachine();
  const adapter = await probeWebGpu();
  // Before the kernels run: a driver that hangs would not answer any more.
  const choice = await chooseBackend("auto").then(
    ({ backend, reason }) => ({ backend, reason }),
    (error) => ({ reason: toClearstackError(error).message }),
  );
  const solution = solveByHand();
  const kernels = [await checkKernels("cpu", solution)];
  if (adapter.available) kernels.push(await checkKernels("webgpu", solution));
  const largeBuffer = await checkLargeBuffer(adapter);
  const usable = "backend" in choice && kernels.some(({ backend, usable }) => usable && backend === choice.backend);
  const found = {
    version: VERSION,
    machine,
    adapter,
    choice,
    budget: io.config(),
    kernels,
    usable,
    ...(largeBuffer ? { largeBuffer } : {}),
  };
  return { ...found, advice: advise(found) };
}

export function advise({ machine, adapter, kernels, largeBuffer }: Omit<Findings, "advice">): string[] {
  const advice = adviseBuffer(largeBuffer);
  const { loader, drivers } = machine.vulkan;
  if (!adapter.available && loader === false) {
    advice.push(
      "no GPU can be reached without the Vulkan loader: install libvulkan1 (Debian, Ubuntu) or vulkan-loader",
    );
  } else if (!adapter.available && loader === true && drivers.length === 0) {
    advice.push("the Vulkan loader is there but no driver: install the GPU's, or mesa-vulkan-drivers for tests");
  } else if (!adapter.available && loader === true) {
    const names = drivers.map((path) => path.slice(path.lastIndexOf("/") + 1)).join(", ");
    advice.push(`the Vulkan loader finds no GPU through its drivers (${names}): in a container, pass the GPU in`);
  }
  const { gpus = 0 } = machine;
  if (adapter.available && gpus > 1) {
    advice.push(
      `this machine has ${gpus} GPUs and a process uses one, so ${
        gpus - 1
      } are unused: start a deconvolve function for each ` +
        "(docs/deploying.md)",
    );
  }
  if (machine.temporaryFolder.problem) {
    advice.push(
      `temporary files cannot be written (${machine.temporaryFolder.problem}): set TMPDIR to a folder that can`,
    );
  }
  for (const { backend, usable, problem, worstError } of kernels) {
    if (usable) continue;
    advice.push(
      problem === undefined
        ? `the ${backend} kernels give wrong numbers (error ${worstError} of the maximum): update the driver, and please report it`
        : `the ${backend} kernels do not run: ${problem}`,
    );
  }
  return advice;
}

export function describe(findings: Findings): string {
  const { version, machine, budget, kernels, largeBuffer, usable, advice } = findings;
  const { path, problem } = machine.temporaryFolder;
  const rows: [string, string][] = [
    ["program", `Clearstack ${version}, Deno ${machine.deno}, ${machine.system}, ${machine.cores} cores`],
    ["GPU", describeAdapter(findings.adapter)],
    ...(largeBuffer ? [["large buffers", describeBuffer(largeBuffer)] satisfies [string, string]] : []),
    ["backend", describeChoice(findings)],
    ["memory", `${formatBytes(machine.memoryBytes)}, of which ${formatBytes(machine.freeBytes)} free`],
    ["", `jobs stay within ${formatBytes(budget.hostBytes)}; --memory or CLEARSTACK_MEMORY changes that`],
    ["", `and ${formatBytes(budget.deviceBytes)} of a GPU; CLEARSTACK_DEVICE_MEMORY changes that`],
    ...kernels.map((check): [string, string] => [`${check.backend} kernels`, describeCheck(check)]),
    ["files", problem ? `temporary files cannot be written: ${problem}` : `temporary files go to ${path}`],
    ["verdict", usable ? "ready" : "not usable yet"],
    ...advice.map((line): [string, string] => ["advice", line]),
  ];
  return rows.map(([title, text]) => `${title.padEnd(16)}${text}\n`).join("");
}

/** Reason for the backend, unless the line about the GPU says so already. */
function describeChoice({ choice, adapter }: Findings): string {
  const known = !adapter.available && choice.reason === adapter.reason;
  return `${choice.backend ?? "none"}: ${known ? "there is no GPU to use" : choice.reason}`;
}

function describeAdapter(adapter: AdapterReport): string {
  if (!adapter.available) return `none: ${adapter.reason}`;
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = adapter.limits;
  const software = adapter.isFallbackAdapter ? " (software: computes on the CPU, for tests)" : "";
  return `${adapter.description}${software}; buffers of ${formatBytes(maxBufferSize)}, ` +
    `bindings of ${formatBytes(maxStorageBufferBindingSize)}, ` +
    `workgroup memory of ${formatBytes(maxComputeWorkgroupStorageSize)}`;
}

function describeCheck({ usable, problem, worstError, firstSeconds, voxelIterationsPerSecond }: KernelCheck): string {
  if (problem !== undefined) return `do not run: ${problem}`;
  const speed = `${(voxelIterationsPerSecond! / 1e6).toFixed(0)} million voxel iterations a second`;
  return `${usable ? "right" : "WRONG"}: largest error ${worstError!.toExponential(1)} of the maximum; ${speed}, ` +
    `first result after ${firstSeconds!.toFixed(1)} s`;
}
