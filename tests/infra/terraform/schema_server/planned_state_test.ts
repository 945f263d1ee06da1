import { assertEquals } from "@std/assert";
import type { Members } from "../../../../infra/terraform/provider_typings.ts";
import { plannedState } from "../../../../infra/terraform/schema_server/planned_state.ts";
import { packValue, UNKNOWN, Unknown, unpackValue } from "../../../../infra/terraform/schema_server/wire_value.ts";

const MEMBERS: Members = {
  "name!": "string",
  size: "number",
  "address~": "string",
  "uid=": "string",
  "part*": { "label!": "string", "version=": "number" },
  "login~": { user: "string" },
};

const GIVEN = { name: "a", size: null, address: null, uid: null, part: [{ label: "x", version: null }], login: [] };

Deno.test("what is configured is planned, and what is computed and not configured is known after apply", () => {
  assertEquals(plannedState(MEMBERS, GIVEN), {
    name: "a",
    size: null,
    address: UNKNOWN,
    uid: UNKNOWN,
    part: [{ label: "x", version: UNKNOWN }],
    login: UNKNOWN,
  });
  const planned = plannedState(MEMBERS, { ...GIVEN, address: "10.0.0.1" }) as Record<string, unknown>;
  assertEquals(planned.address, "10.0.0.1");
});

Deno.test("what is removed, and what is not known, stays so", () => {
  assertEquals(plannedState(MEMBERS, null), null);
  const bounded = new Unknown(12, new Uint8Array([0x81, 1, 0xc2]));
  assertEquals(plannedState(MEMBERS, { ...GIVEN, name: bounded, part: bounded }), {
    name: bounded,
    size: null,
    address: UNKNOWN,
    uid: UNKNOWN,
    part: bounded,
    login: UNKNOWN,
  });
});

Deno.test("an answer of a data source takes the place of what is known after apply", () => {
  const answered = plannedState(MEMBERS, GIVEN, (name) => name === "uid" ? "7" : null) as Record<string, unknown>;
  assertEquals([answered.uid, answered.address], ["7", null]);
});

Deno.test("values go to Terraform and come back as they were, with what is said of those that are not known", () => {
  const values = [null, true, "a", 7, 0.5, [1, "b"], { a: UNKNOWN }, new Unknown(12, new Uint8Array([0x81, 1, 0xc2]))];
  assertEquals(unpackValue(packValue(values)), values);
  assertEquals(unpackValue(undefined), null);
  // One byte for the extension, one for its kind 0, one that nobody reads.
  assertEquals(packValue(UNKNOWN).msgpack, new Uint8Array([0xd4, 0, 0]));
});
