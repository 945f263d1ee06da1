import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { apiKeyHash, apiKeyId, createApiKey, isApiKey } from "shared/keys/api_key.ts";
import { KeyRing } from "functions/api/auth/key_ring.ts";
import type { KeyRecord } from "shared/keys/key_records.ts";
import { formatKeyRecords, parseKeyRecords } from "shared/keys/key_records.ts";
import { ClearstackError } from "shared/errors.ts";

const CREATED = "2026-01-05T09:30:00.000Z";

const recordOf = (key: string, rest: Partial<KeyRecord> = {}): KeyRecord => ({
  id: apiKeyId(key)!,
  sha256: apiKeyHash(key),
  roles: ["submit"],
  created: CREATED,
  ...rest,
});

Deno.test("a key names its id, is 256 random bits, and is known again by its hash alone", () => {
  const [key, other] = [createApiKey("lab-1"), createApiKey("lab-1")];
  assertNotEquals(key, other);
  assertEquals(apiKeyId(key), "lab-1");
  // 43 characters of 6 bits hold 256 bits.
  assertEquals(key.length, "cs_lab-1_".length + 43);
  assert(isApiKey(key, apiKeyHash(key)));
  assert(!isApiKey(other, apiKeyHash(key)));
});

Deno.test("what is no key has no id", () => {
  for (
    const text of ["", "cs_", "cs_a_short", `cs_A_${"x".repeat(43)}`, `xs_a_${"x".repeat(43)}`, `cs__${"x".repeat(43)}`]
  ) {
    assertEquals(apiKeyId(text), undefined, text);
  }
});

Deno.test("a ring finds the callers of its keys, and nobody for a wrong, unknown or expired one", async () => {
  const [good, expired, stranger] = [createApiKey("good"), createApiKey("old"), createApiKey("good")];
  const keys = [
    recordOf(good, { quotas: { tiles: 5 } }),
    recordOf(expired, { expires: "2026-02-01T00:00:00.000Z" }),
  ];
  const now = () => Date.parse("2026-02-01T00:00:00.000Z");
  const quotas = { tiles: 100, voxels: 1000 };
  const ring = await KeyRing.open({ read: () => Promise.resolve(formatKeyRecords(keys)), where: "keys", now, quotas });
  assertEquals(await ring.find(good), { id: "good", roles: ["submit"], quotas: { tiles: 5, voxels: 1000 } });
  for (const key of [expired, stranger, createApiKey("nobody"), good.slice(0, -1), `${good}A`, "cs_"]) {
    assertEquals(await ring.find(key), undefined);
  }
});

Deno.test("a key that is taken out of the file stops working, and a file that is gone for a moment changes nothing", async () => {
  const [kept, removed] = [createApiKey("kept"), createApiKey("removed")];
  let text: string | undefined = formatKeyRecords([recordOf(kept), recordOf(removed)]);
  let now = 0;
  const lines: string[] = [];
  const read = () => text === undefined ? Promise.reject(new Error("gone")) : Promise.resolve(text);
  const ring = await KeyRing.open({ read, where: "keys", now: () => now, log: (line) => lines.push(line) });
  text = formatKeyRecords([recordOf(kept)]);
  assertEquals((await ring.find(removed))?.id, "removed");
  now += 10_001;
  assertEquals(await ring.find(removed), undefined);
  text = undefined;
  now += 10_001;
  assertEquals((await ring.find(kept))?.id, "kept");
  assertEquals(lines.length, 1);
  // A clock that is set back is no reason to keep a key.
  text = formatKeyRecords([]);
  now = -3_600_000;
  assertEquals(await ring.find(kept), undefined);
});

Deno.test("keys that are not usable are refused with the place, and without a hash", async () => {
  const key = recordOf(createApiKey("a"));
  const cases: readonly (readonly [string, unknown])[] = [
    ["this is not JSON", undefined],
    ["keys.0.sha256", { keys: [{ ...key, sha256: "x" }] }],
    ["keys.0.roles", { keys: [{ ...key, roles: [] }] }],
    ["keys.0.roles.0", { keys: [{ ...key, roles: ["root"] }] }],
    ["keys.0.id", { keys: [{ ...key, id: "oidc:a" }] }],
    ["this id is taken", { keys: [{ ...key, id: "anyone" }] }],
    ["twice", { keys: [key, key] }],
    ["keys.0.expires", { keys: [{ ...key, expires: "tomorrow" }] }],
  ];
  for (const [words, json] of cases) {
    const text = json === undefined ? "{" : JSON.stringify(json);
    const { message } = assertThrows(() => parseKeyRecords(text, "keys.json"), ClearstackError, words);
    assert(message.includes("keys.json") && !message.includes(key.sha256), message);
  }
  await assertRejects(() => KeyRing.open({ read: () => Promise.resolve("{"), where: "keys.json" }), ClearstackError);
});
