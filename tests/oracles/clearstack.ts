/** The program itself, run as a user runs it. */

const MAIN = decodeURIComponent(new URL("../../functions/cli/main.ts", import.meta.url).pathname);

/**
 * Runs a command line in a process of its own.
 *
 * @returns standard output
 * @throws if the exit status is not 0, with what was printed
 */
export async function clearstack(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryClearstack(...args);
  if (code !== 0) throw new Error(`clearstack ${args.join(" ")} ended with status ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** Like {@link clearstack}, for command lines that may fail. */
export async function tryClearstack(
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", MAIN, ...args] });
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** True if there is any WebGPU adapter; throws if CLEARSTACK_REQUIRE_WEBGPU is 1 and there is none. */
export async function hasWebGpu(): Promise<boolean> {
  const { probeAdapter } = await import("kernels/webgpu/device.ts");
  const adapter = await probeAdapter();
  if (!adapter.available && Deno.env.get("CLEARSTACK_REQUIRE_WEBGPU") === "1") {
    throw new Error(`WebGPU is required: ${adapter.reason}`);
  }
  return adapter.available;
}
