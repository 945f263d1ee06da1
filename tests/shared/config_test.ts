import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_DEVICE_BYTES, parseBytes, readConfig } from "shared/config.ts";
import { ClearstackError } from "shared/errors.ts";

for (
  const [text, bytes] of [
    ["1024", 1024],
    ["512MiB", 512 * 2 ** 20],
    ["512 MiB", 512 * 2 ** 20],
    ["2GB", 2e9],
    ["2gb", 2e9],
    ["1.5GiB", 1.5 * 2 ** 30],
    ["3kB", 3000],
    ["1TiB", 2 ** 40],
    ["100b", 100],
  ] as const
) {
  Deno.test(`"${text}" is ${bytes} bytes`, () => assertEquals(parseBytes("--memory", text), bytes));
}

for (const text of ["", "GiB", "-1GiB", "1.5.2GiB", "2 giga", "1e9", "0", "0.2", "9999999TiB", "Infinity", "0x10"]) {
  Deno.test(`"${text}" is refused as a size, naming what it was for`, () => {
    const error = assertThrows(() => parseBytes("--memory", text), ClearstackError, `--memory "${text}"`);
    assertEquals(error.kind, "invalid-request");
  });
}

Deno.test("without settings, 60 % of the free memory is used", () => {
  const config = readConfig({ env: () => undefined, freeBytes: 10 * 2 ** 30 });
  assertEquals(config, { hostBytes: 6 * 2 ** 30, deviceBytes: DEFAULT_DEVICE_BYTES });
});

Deno.test("without settings, no more than 16 GiB is used however much is free", () => {
  assertEquals(readConfig({ env: () => undefined, freeBytes: 2 ** 40 }).hostBytes, 16 * 2 ** 30);
});

Deno.test("the environment sets host and device memory", () => {
  const env: Record<string, string> = { CLEARSTACK_MEMORY: "1GiB", CLEARSTACK_DEVICE_MEMORY: "40GiB" };
  const config = readConfig({ env: (name) => env[name], freeBytes: 1 });
  assertEquals(config, { hostBytes: 2 ** 30, deviceBytes: 40 * 2 ** 30 });
});

Deno.test("a malformed setting is refused by its name", () => {
  const env = (name: string) => name === "CLEARSTACK_DEVICE_MEMORY" ? "lots" : undefined;
  assertThrows(() => readConfig({ env, freeBytes: 1 }), ClearstackError, 'CLEARSTACK_DEVICE_MEMORY "lots"');
});

Deno.test("the environment says how many boxes overlap on a GPU, as a small number", () => {
  const config = (boxes: string) =>
    readConfig({ env: (name) => name.endsWith("GPU_BOXES") ? boxes : undefined, freeBytes: 1 });
  assertEquals(config("2").boxesAtOnce, 2);
  for (const boxes of ["0", "2.5", "many", "9"]) {
    assertThrows(
      () => config(boxes),
      ClearstackError,
      `CLEARSTACK_GPU_BOXES "${boxes}": expected a number from 1 to 4`,
    );
  }
});
