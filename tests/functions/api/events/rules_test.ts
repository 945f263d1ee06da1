import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { EventRules } from "functions/api/events/match_event.ts";
import { EventRuleSchema } from "functions/api/events/event_rules.ts";
import { EventSourcesSchema } from "functions/api/events/event_sources.ts";
import { readEventConfiguration } from "functions/api/events/read_event_configuration.ts";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";

const job = { psf: "s3://psfs/water.tif", output: "s3://results/{stem}.ome.zarr", algorithm: { iterations: 7 } };
const rules = (...changes: readonly Record<string, unknown>[]) =>
  new EventRules(
    changes.map((one) => EventRuleSchema.parse({ bucket: "uploads", key: "**", when: "tiff", job, ...one })),
  );
const s3 = (key: string, bucket = "uploads") => ({ provider: "s3", bucket, key }) as const;

/** Source and output of the job that a key starts. */
function urls(compiled: EventRules, key: string): readonly string[] | undefined {
  const request = compiled.job(s3(key))?.request;
  return request && [request.source.url, request.output.url];
}

Deno.test("a TIFF is a source, and other files are none", () => {
  const compiled = rules({ key: "plates/**" });
  assertEquals(urls(compiled, "plates/a/b.ome.tif"), ["s3://uploads/plates/a/b.ome.tif", "s3://results/b.ome.zarr"]);
  assertEquals(urls(compiled, "plates/B.TIFF"), ["s3://uploads/plates/B.TIFF", "s3://results/B.ome.zarr"]);
  for (const key of ["plates/a.txt", "plates/tif", "other/a.tif", "plates/a.zarr/zarr.json"]) {
    assertEquals(urls(compiled, key), undefined);
  }
  assertEquals(compiled.job(s3("plates/a.tif", "others")), undefined);
  assertEquals(
    compiled.job({ ...s3("plates/a.tif"), provider: "gs" })?.request.source.url,
    "gs://uploads/plates/a.tif",
  );
});

Deno.test("a Zarr is the folder of its marker, or what the marker's name begins with", () => {
  const inside = rules({ key: "**/*.zarr", when: { marker: "/_SUCCESS" } });
  assertEquals(urls(inside, "a/b.ome.zarr/_SUCCESS"), ["s3://uploads/a/b.ome.zarr", "s3://results/b.ome.zarr"]);
  assertEquals(urls(inside, "a/b.ome.zarr/zarr.json"), undefined);
  assertEquals(urls(inside, "a/b.ome.zarr/c/_SUCCESS"), undefined);
  assertEquals(urls(inside, "/_SUCCESS"), undefined);
  const beside = rules({ key: "*.zarr", when: { marker: ".done" } });
  assertEquals(urls(beside, "b.zarr.done"), ["s3://uploads/b.zarr", "s3://results/b.ome.zarr"]);
});

Deno.test("keys are encoded in URLs, and fill placeholders", () => {
  const output = "s3://results/{bucket}/{key}/{name}-{stem}.zarr";
  const compiled = rules({ job: { ...job, output } });
  assertEquals(urls(compiled, "a b/50%#é?.tif"), [
    "s3://uploads/a%20b/50%25%23%C3%A9%3F.tif",
    "s3://results/uploads/a%20b/50%25%23%C3%A9%3F.tif/50%25%23%C3%A9%3F.tif-50%25%23%C3%A9%3F.zarr",
  ]);
  const plain = rules({ job: { ...job, output: "s3://results/100%/{stem}.zarr" } });
  assertEquals(urls(plain, "a.tif")?.[1], "s3://results/100%/a.zarr");
  const file = rules({ job: { ...job, output: "/data/results/{stem}.zarr" } });
  assertEquals(urls(file, "50%.tif")?.[1], "/data/results/50%.zarr");
});

Deno.test("named groups of a regular expression choose the PSF", () => {
  const compiled = rules({
    key: undefined,
    keyRegex: "(?<microscope>[a-z]+)/.*\\.tif",
    example: "spim/a.tif",
    job: { ...job, psf: { url: "s3://psfs/{microscope}.zarr", path: "0" }, source: { axes: "zyx" } },
  });
  const request = compiled.job(s3("confocal/x/a.tif"))?.request;
  assertEquals(request?.psf, { url: "s3://psfs/confocal.zarr", path: "0" });
  assertEquals(request?.source, { url: "s3://uploads/confocal/x/a.tif", axes: "zyx" });
  assertEquals(request?.algorithm.iterations, 7);
  assertEquals(compiled.job(s3("Confocal/a.tif")), undefined);
});

Deno.test("a rule states all settings of an output, such as the integers that it stores", () => {
  const output = { url: "s3://results/{stem}.tif", dtype: "uint8", range: [0, 4095] };
  const request = rules({ job: { ...job, output } }).job(s3("a.tif"))!.request;
  const { url, dtype, range } = request.output;
  assertEquals([url, dtype, range], ["s3://results/a.tif", "uint8", [0, 4095]]);
});

Deno.test("containers of Azure are named with their account", () => {
  const compiled = rules({ provider: "az", bucket: "facility/uploads" });
  const place = { provider: "az", bucket: "facility/uploads", key: "a/b.tif" } as const;
  assertEquals(compiled.job(place)?.request.source.url, "az://facility/uploads/a/b.tif");
});

Deno.test("the first rule that matches counts", () => {
  const compiled = rules({ name: "one", key: "a/**", owner: "anna" }, { name: "two", key: "**" });
  const of = (key: string) => {
    const found = compiled.job(s3(key));
    return [found?.rule, found?.owner];
  };
  assertEquals(of("a/x.tif"), ["one", "anna"]);
  assertEquals(of("b/x.tif"), ["two", "events"]);
});

const zarr = { key: "**", when: { marker: "/_SUCCESS" } };
const output = (url: string) => ({ job: { ...job, output: url } });

const REFUSED: readonly (readonly [string, readonly Record<string, unknown>[], string])[] = [
  ["its own output as a source", [{ ...zarr, ...output("s3://uploads/results/{stem}.zarr") }], "write to a folder"],
  ["an output as the source of another", [{}, { ...zarr, bucket: "b", key: "x/**", ...output("s3://c/{stem}") }, {
    ...zarr,
    bucket: "c",
    ...output("s3://d/{stem}"),
  }], "source of rule 3"],
  ["an output named like a TIFF that it watches", [output("s3://uploads/out-{stem}.tif")], "source of rule 1"],
  [
    "a TIFF that is computed as a Zarr that it watches",
    [{}, { ...zarr, bucket: "c", ...output("s3://d/{stem}.zarr") }, { bucket: "e", ...output("s3://c/{stem}.tif") }],
    "source of rule 2",
  ],
  [
    "an output in its source",
    [{ ...zarr, key: "*.zarr", ...output("s3://uploads/{key}/deconvolved") }],
    "would lie in its source",
  ],
  [
    "jobs for all images whose outputs another watches",
    [{ key: "*.tif", job: { ...job, source: { series: "all" }, output: "s3://c/{stem}" } }, {
      ...zarr,
      bucket: "c",
      key: "*/A_*.zarr",
      ...output("s3://d/{stem}.zarr"),
    }],
    "source of rule 2",
  ],
  [
    "jobs for all images that are to become one TIFF",
    [{ job: { ...job, source: { series: "all" }, output: "s3://results/{key}" } }],
    "leave out its ending",
  ],
  ["a placeholder that is not known", [output("s3://results/{nme}.zarr")], "{nme} is not known"],
  ["a bucket chosen by a key", [output("s3://{stem}/x.zarr")], "no key can choose"],
  ["a scheme chosen by a key", [output("{key}/x.zarr")], "no key can choose"],
  [
    "a host of the PSF chosen by a key",
    [{ job: { ...job, psf: "https://{stem}.example/psf.tif" } }],
    "no key can choose",
  ],
  ["a setting that jobs do not have", [{ job: { ...job, iterations: 3 } }], "iterations"],
  ["a setting out of range", [{ job: { ...job, algorithm: { iterations: 0 } } }], "at least 1"],
  [
    "a range for floats",
    [{ job: { ...job, output: { url: "s3://results/{stem}.zarr", range: [0, 9] } } }],
    "float32 holds every value",
  ],
  ["an example that it does not match", [{ key: "a/*.tif", example: "b/x.tif" }], "does not match b/x.tif"],
  ["a broken expression", [{ key: undefined, keyRegex: "(", example: "x" }], "rule 1"],
];

for (const [what, changes, message] of REFUSED) {
  Deno.test(`a rule with ${what} is refused when it is read`, () => {
    const error = assertThrows(() => rules(...changes), ClearstackError, message);
    assertEquals(error.kind, "invalid-request");
  });
}

Deno.test("a loop that no example shows is stopped when it would begin", () => {
  const compiled = rules({
    ...{ key: undefined, keyRegex: "(?<first>[^/]+)/.*\\.zarr", example: "raw/a.zarr", when: { marker: "/_SUCCESS" } },
    ...output("s3://uploads/{first}-{stem}"),
  }, { ...zarr, key: "loop-*", ...output("s3://results/{stem}.zarr") });
  assertThrows(() => compiled.job(s3("loop/a.zarr/_SUCCESS")), ClearstackError, "source of rule 2");
  assertEquals(urls(compiled, "raw/a.zarr/_SUCCESS")?.[1], "s3://uploads/raw-a");
});

Deno.test("a captured dot segment does not lead out of a folder", () => {
  const compiled = rules({
    ...{ key: undefined, keyRegex: "[a-z]+(?<part>[^/]*)/.*", example: "a/x.tif" },
    ...output("s3://results/private{part}/x.zarr"),
  });
  assertEquals(urls(compiled, "a../x.tif")?.[1], "s3://results/private../x.zarr");
  const leaving = rules({
    ...{ key: undefined, keyRegex: "[a-z]+(?<part>[^/]*)/.*", example: "a1/x.tif" },
    ...output("s3://results/{part}/x.zarr"),
  });
  assertThrows(() => leaving.job(s3("a../x.tif")), ClearstackError, ". or .. segment");
});

for (const marker of ["/zarr.json", ".zattrs", "/", "a/", "/..", "//x"]) {
  Deno.test(`the marker ${marker} is refused`, () => {
    assertEquals(EventRuleSchema.safeParse({ bucket: "b", key: "**", when: { marker }, job }).success, false);
  });
}

const configuration = JSON.stringify({
  sources: { s3: { secretSha256: ["0".repeat(64)] } },
  rules: [{ bucket: "uploads", key: "*.tif", when: "tiff", job }],
});

Deno.test("the configuration is JSON, or a file or object that holds it", async () => {
  const base = memoryUrl();
  await openStore(base).put("rules.json", new TextEncoder().encode(configuration));
  for (const setting of [configuration, `\n ${configuration}`, `${base}/rules.json`]) {
    const { rules: compiled, sources } = await readEventConfiguration(setting, NO_ENVIRONMENT);
    assertEquals(urls(compiled, "a.tif")?.[0], "s3://uploads/a.tif");
    assertEquals(sources.minio, undefined);
  }
});

Deno.test("a configuration that cannot be used says where it is wrong", async () => {
  const refused = (setting: string, message: string) =>
    assertRejects(() => readEventConfiguration(setting, NO_ENVIRONMENT), ClearstackError, message);
  await refused("{", "not JSON");
  await refused(`${memoryUrl()}/absent.json`, "there is no");
  await refused(configuration.replace("0".repeat(64), "my secret"), "sources.s3.secretSha256.0: expected the SHA-256");
  await refused(configuration.replace('"s3"', '"s4"'), "s4");
  await refused(configuration.replace('"rules"', '"rule"'), "rules");
});

Deno.test("every configuration in docs/events.md is one that is accepted", async () => {
  const page = await Deno.readTextFile(new URL("../../../../docs/events.md", import.meta.url));
  const [whole, ...sources] = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, json]) => json!);
  const { rules: compiled } = await readEventConfiguration(whole!, NO_ENVIRONMENT);
  assertEquals(compiled.job(s3("tiff/spim/a.tif", "raw"))?.request.psf, { url: "s3://psfs/spim.tif" });
  for (const source of sources) {
    EventSourcesSchema.parse(JSON.parse(`{${source.replaceAll('"..."', `"${"0".repeat(64)}"`)}}`));
  }
  assertEquals(sources.length, 7);
});
