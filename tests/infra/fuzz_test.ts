/** A short burst of what `deno task fuzz` fires; the figures of a long one are in docs/security.md. */
import { assert, assertEquals } from "@std/assert";
import { fuzz } from "../../infra/fuzz/fuzz.ts";
import { fuzzDocuments } from "../../infra/fuzz/fuzz_documents.ts";

Deno.test("500 random requests to every function are answered, none by a 500, and none takes long", async () => {
  const { statuses, faults } = await fuzz({ requests: 500, seed: 20260105 });
  assertEquals(faults, []);
  // A burst that never got past the door would show nothing.
  for (const status of [200, 202, 400, 401, 404, 405]) assert((statuses.get(status) ?? 0) > 0, `no ${status}`);
});

Deno.test("500 hostile images, PSFs and URLs are answered, none by a 500, and none takes much", async () => {
  // Far more time than the command allows: other tests run meanwhile.
  const limits = { answerMs: 10_000, silenceMs: 10_000, bytes: 2 ** 28 };
  const { answers, faults } = await fuzzDocuments({ inputs: 500, seed: 20260105, limits });
  assertEquals(faults, []);
  for (const grammar of ["TIFF", "OME-XML", "Zarr v2", "Zarr v3", "shard", "PSF", "URL"]) {
    assert([...answers.keys()].some((name) => name.startsWith(grammar)), `no ${grammar}`);
  }
  for (const grammar of ["TIFF", "Zarr v2", "Zarr v3", "shard", "PSF"]) assert(answers.has(`${grammar} 200`), grammar);
});
