/**
 * Independent programs that know the right answer: Debian's Python packages, and a newer suite's zarr-python. Tests that need
 * them are skipped where they are absent, and fail there if CLEARSTACK_REQUIRE_ORACLES is 1.
 */
import { slowWebgpuTest } from "../require.ts";

/** The interpreter that the operating system's packages are installed for. */
const PYTHON = "/usr/bin/python3";
const SCRIPTS = new URL("../../infra/oracles/", import.meta.url);
const required = Deno.env.get("CLEARSTACK_REQUIRE_ORACLES") === "1";

/** True if the system's Python can import all of `modules`; throws if it must and cannot. */
export function canImport(...modules: readonly string[]): boolean {
  const found = succeeds(PYTHON, ["-c", `import ${modules.join(", ")}`]);
  if (!found && required) throw new Error(`${PYTHON} must be able to import ${modules.join(", ")}`);
  return found;
}

/** Registers a test of one backend against an oracle: skipped where the oracle is absent, or the adapter it needs. */
export function backendTest(
  name: string,
  { oracle, backend }: { readonly oracle: boolean; readonly backend: "cpu" | "webgpu" },
  body: () => Promise<void>,
): void {
  if (oracle && backend === "webgpu") slowWebgpuTest(name, body);
  else Deno.test({ name, ignore: !oracle, fn: body });
}

/** Runs a script of infra/oracles with the system's Python. */
export async function runOracle(script: string, ...args: readonly string[]): Promise<string> {
  return await runScript(PYTHON, script, ...args);
}

/** Runs a script of infra/oracles with `python`; returns what it prints. */
export async function runScript(python: string, script: string, ...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(python, { args: [decodeURIComponent(new URL(script, SCRIPTS).pathname), ...args] });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`${script} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** A Python whose zarr reads Zarr v3; see {@link findSuitePython}. */
export function findZarr3Python(): string | undefined {
  return findSuitePython("trixie");
}

/** A Python with GDAL, napari and a newer zarr; see {@link findSuitePython}. */
export function findForkyPython(): string | undefined {
  return findSuitePython("forky");
}

/** The Python of a newer suite, if it was unpacked before; unpacks it (some minutes) where oracles are required. */
function findSuitePython(suite: string): string | undefined {
  const script = decodeURIComponent(new URL("unpack_suite.sh", SCRIPTS).pathname);
  try {
    const { success, stdout, stderr } = new Deno.Command(script, { args: [...(required ? [] : ["--find"]), suite] })
      .outputSync();
    if (success) return new TextDecoder().decode(stdout).trim();
    if (required) throw new Error(`${script} failed: ${new TextDecoder().decode(stderr)}`);
  } catch (error) {
    if (required) throw error;
    // No shell to run it with: as good as absent.
  }
  return undefined;
}

/** Reads values that an oracle wrote as little-endian float32. */
export async function readRaw(path: string): Promise<Float32Array> {
  return new Float32Array((await Deno.readFile(path)).buffer);
}

/** Largest difference between two volumes, as a fraction of the largest value of `expected`. */
export function worstDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, expected ${expected.length}`);
  let peak = 0, worst = 0;
  for (let index = 0; index < expected.length; index++) {
    peak = Math.max(peak, Math.abs(expected[index]));
    // Not Math.max: NaN must not pass for equal.
    const difference = Math.abs(actual[index] - expected[index]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst / peak;
}

function succeeds(program: string, args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
