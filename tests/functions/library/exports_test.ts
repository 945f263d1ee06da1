import { assertEquals } from "@std/assert";

Deno.test("the library exports these names and no others", async () => {
  assertEquals(Object.keys(await import("@clearstack/clearstack")).sort(), [
    "ClearstackError",
    "deconvolve",
    "deconvolveSeries",
    "generatePsf",
    "inspectPsf",
    "openImage",
    "openReadable",
    "openStore",
    "planJob",
    "readBox",
  ]);
});

Deno.test("the kernels export these names and no others", async () => {
  assertEquals(Object.keys(await import("@clearstack/clearstack/kernels")).sort(), ["createDeconvolver", "fastBox"]);
});

Deno.test("the library has the version that outputs are stamped with", async () => {
  const { default: config } = await import("../../../deno.json", { with: { type: "json" } });
  assertEquals(config.version, (await import("shared/version.ts")).VERSION);
});

Deno.test("every export has an example, which deno test --doc runs", async () => {
  for (const entry of ["clearstack", "kernels"]) {
    const args = ["doc", "--json", `functions/library/${entry}.ts`];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: new URL("../../../", import.meta.url) })
      .output();
    const without = valuesWithoutExample(JSON.parse(new TextDecoder().decode(stdout)));
    assertEquals(without, [], entry);
  }
});

interface Declared {
  readonly kind?: string;
  readonly jsDoc?: { readonly tags?: readonly { readonly kind: string }[] };
}

/** Names of functions and classes that lack an example, of what `deno doc --json` prints. */
function valuesWithoutExample(
  { nodes }: { readonly nodes: Record<string, { symbols: { name: string; declarations: Declared[] }[] }> },
): string[] {
  const symbols = Object.values(nodes).flatMap(({ symbols }) => symbols);
  const values = symbols.filter(({ declarations }) =>
    declarations.some(({ kind }) => kind === "function" || kind === "class")
  );
  if (values.length < 2) throw new Error("deno doc prints something else than this test knows");
  return values.flatMap(({ name, declarations }) =>
    declarations.some(({ jsDoc }) => jsDoc?.tags?.some(({ kind }) => kind === "example")) ? [] : [name]
  );
}
