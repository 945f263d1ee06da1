/** Asks nvcc what a kernel takes, for a GPU that need not be there. */

/** What the compiler says of one kernel. */
interface Compiled {
  readonly registersPerThread: number;
  /** Bytes that a thread stores to memory for want of registers. */
  readonly spilledBytes: number;
  readonly sharedBytes: number;
}

/** The version of nvcc, or undefined if there is none. */
export async function nvccVersion(): Promise<string | undefined> {
  try {
    const { stdout, success } = await new Deno.Command("nvcc", { args: ["--version"], stderr: "null" }).output();
    return success ? /V[\d.]+/.exec(new TextDecoder().decode(stdout))?.[0] : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Compiles a CUDA source and returns its kernels by name.
 *
 * @throws {Error} with the compiler's words if it refuses the source
 */
export async function compile(source: string): Promise<Map<string, Compiled>> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-occupancy-" });
  try {
    await Deno.writeTextFile(`${folder}/kernels.cu`, source);
    const args = ["-arch=sm_90", "-cubin", "-Xptxas", "-v", "-o", "kernels.cubin", "kernels.cu"];
    const { stderr, success } = await new Deno.Command("nvcc", { args, cwd: folder, stdout: "null" }).output();
    const text = new TextDecoder().decode(stderr);
    if (!success) throw new Error(`nvcc refuses the translated kernels: ${text.slice(0, 2000)}`);
    return resourceUsage(text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads what `ptxas -v` prints: for each kernel its name, then its spills, then its registers and shared memory. */
export function resourceUsage(text: string): Map<string, Compiled> {
  const [, ...parts] = text.split("Compiling entry function '");
  return new Map(parts.map((part) => {
    const number = (pattern: RegExp) => Number(pattern.exec(part)?.[1] ?? 0);
    const registersPerThread = number(/Used (\d+) registers/);
    if (registersPerThread === 0) throw new Error(`ptxas names no registers: ${part.slice(0, 500)}`);
    const spilledBytes = number(/(\d+) bytes spill stores/);
    return [
      part.slice(0, part.indexOf("'")),
      { registersPerThread, spilledBytes, sharedBytes: number(/(\d+) bytes smem/) },
    ];
  }));
}
