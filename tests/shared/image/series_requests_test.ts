import { assertEquals, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { answeredRequests, assertFolder, seriesRequests } from "shared/image/series_requests.ts";

const request = (output: string) => ({
  source: { url: "s3://raw/plate.zarr", path: "A", series: "all" as const, axes: "zyx" },
  output: { url: output, pyramid: "none" },
});

Deno.test("each image becomes a Zarr called after its path, in the folder as it is spelled, and nothing else changes", () => {
  const [one, two] = seriesRequests(request("out/"), ["A/1/0", "A/2/0"]);
  assertEquals(one, {
    source: { url: "s3://raw/plate.zarr", path: "A/1/0", axes: "zyx" },
    output: { url: "out/A_1_0.zarr", pyramid: "none" },
  });
  assertEquals([two!.source.path, two!.output.url], ["A/2/0", "out/A_2_0.zarr"]);
  const signed = seriesRequests(request("az://account/results/plate?sv=1&sig=x"), ["0"]);
  assertEquals(signed[0]!.output.url, "az://account/results/plate/0.zarr?sv=1&sig=x");
  const [itself] = seriesRequests(request("memory:a?b"), [""]);
  assertEquals([itself!.source.path, itself!.output.url], ["A", "memory:a?b/0.zarr"]);
});

Deno.test("images that would become one output, none at all, and a TIFF as a folder are refused", () => {
  const refuse = (paths: readonly string[], words: string) =>
    assertThrows(() => seriesRequests(request("out"), paths), ClearstackError, words);
  refuse(["A/1", "A_1"], "A/1 and A_1 would both become A_1.zarr");
  refuse([], "has no image");
  assertThrows(() => assertFolder(request("out.tif")), ClearstackError, "leave out its ending");
});

Deno.test("a request that is answered at once is for 1,000 images, and for no more", () => {
  const paths = Array.from({ length: 1001 }, (_, index) => `${index}`);
  assertEquals(answeredRequests(request("out"), paths.slice(1)).length, 1000);
  const error = assertThrows(() => answeredRequests(request("out"), paths), ClearstackError, "source.path");
  assertEquals([error.kind, error.need, error.limit], ["over-budget", 1001, 1000]);
});
