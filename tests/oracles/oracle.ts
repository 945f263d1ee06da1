/**
 * Independent programs that know the right answer: Debian's Python packages, and those of newer suites. Tests that need them are
 * skipped, by name, where they are absent, and fail there if CLEARSTACK_REQUIRE_ORACLES is 1.
 */
import { missingModules, ORACLES_REQUIRED, PYTHON, pythonTest } from "../fixtures/python.ts";
import { slowWebgpuTest } from "../require.ts";
import { LEFT_TO_ALL, testUnless } from "../test_unless.ts";

const SCRIPTS = new URL("../../infra/oracles/", import.meta.url);

/** A newer suite of Debian: trixie has a zarr that reads Zarr v3, forky a newer one, GDAL and napari. */
type Suite = "trixie" | "forky";

/** Registers a test of one backend, of seconds, against modules of the system's Python: skipped without the adapter it needs, too. */
export function backendTest(
  name: string,
  { modules, backend }: { readonly modules: readonly string[]; readonly backend: "cpu" | "webgpu" },
  fn: () => Promise<void>,
): void {
  if (LEFT_TO_ALL !== undefined) testUnless(LEFT_TO_ALL, { name, fn });
  else if (backend === "cpu" || missingModules(modules) !== undefined) pythonTest({ name, fn }, modules);
  else slowWebgpuTest(name, fn);
}

/**
 * Registers a test of what the Python of a newer suite reads or writes.
 *
 * @param modules of the system's Python that it needs as well
 */
export function suiteTest(
  suite: Suite,
  name: string,
  body: (python: string) => Promise<void>,
  modules: readonly string[] = [],
): void {
  const python = suitePython(suite);
  const missing = python === undefined ? `infra/oracles/unpack_suite.sh ${suite} was not run` : missingModules(modules);
  testUnless(missing, { name, fn: () => body(python!) }, ORACLES_REQUIRED);
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

/** The Python of a newer suite, if it was unpacked before; unpacks it (some minutes) where oracles are required. */
function suitePython(suite: Suite): string | undefined {
  const script = decodeURIComponent(new URL("unpack_suite.sh", SCRIPTS).pathname);
  try {
    const args = [...(ORACLES_REQUIRED ? [] : ["--find"]), suite];
    const { success, stdout, stderr } = new Deno.Command(script, { args }).outputSync();
    if (success) return new TextDecoder().decode(stdout).trim();
    if (ORACLES_REQUIRED) throw new Error(`${script} failed: ${new TextDecoder().decode(stderr)}`);
  } catch (error) {
    if (ORACLES_REQUIRED) throw error;
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
