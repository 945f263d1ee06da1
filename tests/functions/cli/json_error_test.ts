/** `--json` of what fails: one object on standard output, the line for people on standard error, and the same exit status. */
import { assert, assertEquals } from "@std/assert";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";

const SHAPE = [12, 20, 24];
const folder = await Deno.makeTempDir({ prefix: "clearstack-json-error-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(`${folder}/image`, { shape: SHAPE, chunk: SHAPE, values: patternedVoxels(SHAPE) });
await writePsf(`${folder}/psf`);

const [image, nothing, output, psf] = ["image", "nothing", "out", "psf"].map((name) => `${folder}/${name}`);

const FAILURES: readonly (readonly [what: string, args: readonly string[], fields: Record<string, unknown>])[] = [
  ["a flag with a wrong value", [image!, "--iterations", "none"], {
    kind: "invalid-request",
    path: "--iterations",
    value: "none",
  }],
  ["an array that is not there", [nothing!], { kind: "not-found", path: nothing }],
  ["a plan over budget", [image!, "--memory", "1MiB"], { kind: "over-budget", limit: 2 ** 20 }],
];

for (const [what, [source, ...flags], fields] of FAILURES) {
  Deno.test(`${what}: one object with fields`, async () => {
    const args = ["deconvolve", source!, output!, "--psf", psf!, "--backend", "cpu", ...flags];
    const plain = await runCli(args);
    const { status, out, err } = await runCli([...args, "--json"]);
    assertEquals([status, err, plain.status, plain.err, plain.out], [2, err, 2, err, ""]);
    const { error, ...others } = JSON.parse(out);
    assertEquals([out.split("\n").length, others], [2, {}]);
    assertEquals({ ...error, ...fields }, error);
    assertEquals([err, error.retryable], [`clearstack: ${error.message}\n`, false]);
    if (error.kind === "over-budget") assert(error.need > error.limit);
  });
}
