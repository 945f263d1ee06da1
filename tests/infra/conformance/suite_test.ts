import { assertEquals } from "@std/assert";
import { examine, PROPERTIES } from "../../../infra/conformance/examine.ts";
import { markdownPage, ownFailures, plainTable, type Row } from "../../../infra/conformance/report.ts";
import { NotApplicable, type Subject } from "../../../infra/conformance/subject.ts";
import { referenceRun } from "../../reference/richardson_lucy.ts";

/** The float64 reference, spoilt in a way of one's choice. */
function spoilt(spoil: (estimate: Float64Array) => Float64Array): Subject {
  return {
    name: "spoilt",
    description: "",
    own: false,
    edges: "periodic",
    home: { box: [16, 15, 18], psfShape: [5, 4, 7] },
    run(data, deconvolution) {
      const { estimate, divergence } = referenceRun(data, deconvolution);
      return Promise.resolve({ estimate: spoil(estimate), divergence });
    },
    close: () => Promise.resolve(),
  };
}

const property = (start: string) => PROPERTIES.find(({ name }) => name.startsWith(start))!;

/** A defect, and properties that must notice it. */
const DEFECTS: readonly [string, (estimate: Float64Array) => Float64Array, readonly string[]][] = [
  ["moves by a voxel", (u) => u.map((_, i) => u[(i + 1) % u.length]!), ["a PSF of any parity", "a PSF of a single"]],
  ["loses light", (u) => u.map((v) => 0.9999 * v), ["the sum of the image is kept", "the back-projection"]],
  ["clips", (u) => u.map((v) => Math.min(v, 200)), ["the estimate has the units", "the sum of the image is kept"]],
  ["rounds to half precision", (u) => u.map(Math.f16round), ["100 iterations equal"]],
  ["spreads NaN", (u) => u.fill(NaN), ["an image with a voxel of NaN", "zeros in the image", "the I-divergence falls"]],
  ["is not repeatable", (u) => u.map((v) => v + 1e-9 * Math.random()), ["the same input gives the same bytes"]],
];

for (const [defect, spoil, noticedBy] of DEFECTS) {
  Deno.test(`the suite notices an implementation that ${defect}`, async () => {
    for (const name of noticedBy) {
      assertEquals((await examine(property(name), spoilt(spoil))).verdict, "fail", name);
    }
  });
}

Deno.test("what an implementation does not offer is not held against it", async () => {
  const subject = { ...spoilt((u) => u), run: () => Promise.reject(new NotApplicable("no such option")) };
  assertEquals(await examine(PROPERTIES[0]!, subject), { verdict: "not applicable" });
});

Deno.test("the table names failures, and only our own fail the command", () => {
  const columns = [{ name: "ours", description: "", own: true }, { name: "theirs", description: "", own: false }];
  const failed = { verdict: "fail", figure: 1 } as const;
  const passed = { verdict: "pass", figure: 0 } as const;
  const rows: Row[] = [
    { property: PROPERTIES[0]!, verdicts: [passed, failed] },
    { property: PROPERTIES[1]!, verdicts: [failed, { verdict: "not applicable" }] },
  ];
  assertEquals(plainTable(columns, rows).split("\n")[1]!.endsWith("pass 0         FAIL 1 voxels"), true);
  assertEquals(markdownPage(columns, rows).includes("| **FAIL** 1 voxels | n.a. |"), true);
  assertEquals(ownFailures(columns, rows), [`ours: ${PROPERTIES[1]!.name}`]);
});
