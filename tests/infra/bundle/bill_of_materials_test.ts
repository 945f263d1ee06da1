import { assertEquals } from "@std/assert";
import { Ajv } from "ajv";
import { createRequire } from "node:module";
import { billOfMaterials } from "../../../infra/bundle/bill_of_materials.ts";
import { installPackages } from "../../../infra/bundle/install_packages.ts";

const lock = JSON.parse(await Deno.readTextFile(new URL("../../../deno.lock", import.meta.url)));

const bill = await billOfMaterials({
  shipped: new Set(["zod@4.6.7", "@hono/zod-openapi@1.6.3"]),
  packages: await installPackages(),
});

const libraries = bill.components.filter((component) => component.type === "library");

/** A schema that the reference library of CycloneDX carries. */
async function schema(name: string) {
  await import("@cyclonedx/cyclonedx-library/package.json", { with: { type: "json" } });
  const library = createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json");
  return JSON.parse(
    await Deno.readTextFile(library.replace("package.json", `res/schema/${name}.SNAPSHOT.schema.json`)),
  );
}

Deno.test("the bill keeps the schema of CycloneDX 1.6", async () => {
  // Formats of international addresses, which the schema asks for and the bill does not use, are not known to it.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  for (const name of ["spdx", "jsf-0.82"]) {
    ajv.addSchema(await schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  const validate = ajv.compile(await schema("bom-1.6"));
  validate(JSON.parse(JSON.stringify(bill)));
  assertEquals(validate.errors, null);
  // It would notice.
  const [first] = bill.components;
  validate({ ...bill, components: [{ ...first, licenses: [{ license: { id: "No such licence" } }] }] });
  assertEquals(validate.errors![0]!.instancePath.startsWith("/components/0"), true);
});

Deno.test("the bill lists every package of the lock once, with its hash, and what it depends on", () => {
  const refs = bill.components.map((component) => component["bom-ref"]);
  assertEquals(refs.length, Object.keys(lock.npm).length + 1, "packages and Deno");
  assertEquals(new Set(refs).size, refs.length);
  const known = new Set(refs);
  assertEquals(bill.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !known.has(ref)), []);
  const zod = libraries.find(({ purl }) => purl === "pkg:npm/zod@4.6.7")!;
  const { integrity } = lock.npm["zod@4.6.7"];
  assertEquals(`sha512-${Uint8Array.fromHex(zod.hashes[0].content).toBase64()}`, integrity);
  assertEquals([zod.scope, zod.licenses], ["required", [{ license: { id: "MIT" } }]]);
});

Deno.test("packages with scopes, peers and several versions are told apart", () => {
  const openApi = libraries.find(({ name }) => name === "zod-openapi")!;
  assertEquals([openApi.purl, openApi.group, openApi.scope], [
    "pkg:npm/%40hono/zod-openapi@1.6.3",
    "@hono",
    "required",
  ]);
  const dependsOn = (ref: string) => bill.dependencies.find((dependency) => dependency.ref === ref)!.dependsOn;
  assertEquals(dependsOn(openApi.purl).includes("pkg:npm/zod@4.6.7"), true);
  assertEquals(dependsOn("pkg:npm/%40zarrita/storage@0.1.4").includes("pkg:npm/unzipit@1.4.3"), true);
  assertEquals(dependsOn("pkg:npm/%40zarrita/storage@0.2.0").includes("pkg:npm/unzipit@2.0.0"), true);
});

Deno.test("what is shipped says under which licence", () => {
  const silent = libraries.filter(({ scope, licenses }) => scope === "required" && licenses === undefined);
  assertEquals(silent, []);
});
