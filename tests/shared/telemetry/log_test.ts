/** Lines of the log, and what is left out of them. */
import { assertEquals } from "@std/assert";
import { jsonLog, textLog } from "shared/telemetry/log.ts";
import { redactText } from "shared/telemetry/redact.ts";

Deno.test("a line is one JSON object with time, level, message and what it is about", () => {
  const lines: string[] = [];
  const now = () => new Date("2026-01-02T03:04:05Z");
  const log = jsonLog("deconvolve", { write: (line) => lines.push(line), now });
  log("it broke\nin two");
  log("a tile failed", { level: "warn", tile: 7, planHash: "abc" });
  assertEquals(lines.map((line) => JSON.parse(line)), [
    { time: "2026-01-02T03:04:05.000Z", level: "error", message: "it broke\nin two", function: "deconvolve" },
    {
      time: "2026-01-02T03:04:05.000Z",
      level: "warn",
      message: "a tile failed",
      function: "deconvolve",
      tile: 7,
      planHash: "abc",
    },
  ]);
  assertEquals(lines.some((line) => line.includes("\n")), false);
});

Deno.test("for a person, a line has the time, what is wrong, and what it is about, and no secret", () => {
  const lines: string[] = [];
  const log = textLog((line) => lines.push(line), () => new Date(2026, 0, 2, 3, 4, 5));
  log("the job is running", { level: "info", job: "a-1", tiles: 18 });
  log("cannot read https://host/a?sig=SECRET", { job: undefined });
  assertEquals(lines, ["03:04:05 the job is running [job a-1, tiles 18]", "03:04:05 error cannot read https://host/a"]);
});

for (
  const [text, told] of [
    ["cannot read https://host/a.zarr?sig=SECRET&x=1: 403", "cannot read https://host/a.zarr 403"],
    ["from s3://key:SECRET@bucket/a and back", "from s3://bucket/a and back"],
    ['{"url":"http://h/p#SECRET"}', '{"url":"http://h/p"}'],
    [String.raw`cannot read http:\\host\x?X-Amz-Signature=SECRET now`, String.raw`cannot read http:\\host\x now`],
    ["from https:/u:SECRET@h/a and https:u:SECRET@h", "from https:/h/a and https:h"],
    ['at https://u:SEC"RET@SECRET@h/a', "at https://h/a"],
    ["https: URLs, or http:", "https: URLs, or http:"],
    ["sent Authorization: Bearer SECRET.abc-_~+/==", "sent Authorization: Bearer [redacted]"],
    ["the key cs_SECRETSECRET was used", "the key cs_[redacted] was used"],
    ["what? nothing: 3 tiles of file:///data/a.zarr", "what? nothing: 3 tiles of file:///data/a.zarr"],
  ] as const
) {
  Deno.test(`of "${text}" it is told: ${told}`, () => assertEquals(redactText(text), told));
}
