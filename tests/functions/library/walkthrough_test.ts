/** Runs the notebook of the documentation as a reader does: every cell, in Deno's own kernel, driven by Jupyter's client. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decode } from "fast-png";
import { missingModules, PYTHON } from "../../fixtures/python.ts";
import { LEFT_TO_ALL, testUnless } from "../../test_unless.ts";

const ROOT = new URL("../../../", import.meta.url);
const NOTEBOOK = decodeURIComponent(new URL("docs/walkthrough.ipynb", ROOT).pathname);

const missing = LEFT_TO_ALL ?? missingModules(["jupyter_client", "nbformat"]);
const required = Deno.env.get("CLEARSTACK_REQUIRE_JUPYTER") === "1" && LEFT_TO_ALL === undefined;

interface Output {
  readonly output_type: string;
  /** By media type: text as its lines, bytes as base64. */
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
  readonly text?: string | readonly string[];
}

interface Cell {
  readonly cell_type: string;
  readonly execution_count?: number | null;
  readonly outputs?: readonly Output[];
}

interface Notebook {
  readonly cells: readonly Cell[];
}

/** Runs a notebook; returns it with its outputs, and rejects where a cell fails. */
async function execute(path: string): Promise<Notebook> {
  const jupyter = await Deno.makeTempDir({ prefix: "clearstack-jupyter-" });
  try {
    await Deno.mkdir(`${jupyter}/kernels/deno-under-test`, { recursive: true });
    const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
    const kernel = { argv, display_name: "Deno", language: "typescript" };
    await Deno.writeTextFile(`${jupyter}/kernels/deno-under-test/kernel.json`, JSON.stringify(kernel));
    const { success, stdout, stderr } = await new Deno.Command(PYTHON, {
      args: [decodeURIComponent(new URL("infra/notebook/execute.py", ROOT).pathname), path, "deno-under-test"],
      env: { JUPYTER_PATH: jupyter, JUPYTER_RUNTIME_DIR: `${jupyter}/runtime`, IPYTHONDIR: `${jupyter}/ipython` },
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(jupyter, { recursive: true });
  }
}

Deno.test("the notebook is committed without outputs", async () => {
  const { cells }: Notebook = JSON.parse(await Deno.readTextFile(NOTEBOOK));
  const code = cells.filter((cell) => cell.cell_type === "code");
  assert(code.length > 0);
  for (const cell of code) assertEquals([cell.outputs, cell.execution_count], [[], null]);
});

testUnless(missing, {
  name: "every cell of the notebook runs in Deno's kernel, and it yields pictures, a drawn plan and figures that agree",
  fn: async () => {
    const { cells } = await execute(NOTEBOOK);
    const outputs = cells.flatMap((cell) => cell.outputs ?? []);
    assertEquals(outputs.filter(({ output_type }) => output_type === "error"), []);

    const pictures = outputs.flatMap(({ data }) => data?.["image/png"] ?? []);
    assertEquals(pictures.length, 5);
    for (const picture of pictures) {
      const { data } = decode(Uint8Array.fromBase64(picture));
      // Where nothing is shown there are only the few colors of paper and ink.
      assert(new Set(data).size > 100);
    }
    const drawings = outputs.flatMap(({ data }) => data?.["image/svg+xml"] ?? []).join("");
    assertEquals(drawings.match(/<svg /g)?.length, 1);
    assertStringIncludes(drawings, "from the front: x, y");

    const text = outputs.flatMap(({ text }) => text ?? []).join("");
    assertStringIncludes(text, "tile 3 of 3");
    assertStringIncludes(text, "level 1 of 2 levels");
    // The sampled PSF is cut at 1e-3 of its peak, so that what lies beyond the halo weighs as little; voxels that momentum has
    // pressed to their floor, and that grow again, tell some times as much of it.
    const differences = text.matchAll(/differ by (\S+) of/g).map(([, value]) => Number(value)).toArray();
    assert(differences.length > 0 && differences.every((value) => value < 5e-3), differences.join());
  },
}, required);

testUnless(missing, {
  name: "a cell that fails is told with its error",
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-notebook-" });
    try {
      const cell = { cell_type: "code", execution_count: null, id: "a", metadata: {}, outputs: [] };
      const cells = [{ ...cell, source: 'throw new RangeError("17 is too many");' }];
      const notebook = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
      await Deno.writeTextFile(`${folder}/fails.ipynb`, JSON.stringify(notebook));
      await assertRejects(() => execute(`${folder}/fails.ipynb`), Error, "RangeError: 17 is too many");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
}, required);
