import { assertEquals } from "@std/assert";
import { wireSchema } from "../../../../infra/terraform/schema_server/wire_schema.ts";

Deno.test("marks of members become what the protocol says of attributes and blocks", () => {
  const text = (type?: Uint8Array) => type === undefined ? undefined : new TextDecoder().decode(type);
  const { block } = wireSchema({
    "name!": "string",
    "zones~": ["set", "string"],
    "uid=": "string",
    "access&": { "host!": "string" },
    "part*!": { label: "string" },
    "rule+": { label: "string" },
    "only": { label: "string" },
    "timeouts.": { create: "string" },
  });
  assertEquals(
    block.attributes.map((
      { name, type, required, optional, computed },
    ) => [name, text(type), required, optional, computed]),
    [
      ["name", '"string"', true, false, false],
      ["zones", '["set","string"]', false, true, true],
      ["uid", '"string"', false, false, true],
      ["access", undefined, false, true, false],
    ],
  );
  assertEquals(block.attributes[3]?.nested_type?.nesting, "SINGLE");
  assertEquals(
    block.block_types.map(({ type_name, nesting, min_items, max_items }) => [type_name, nesting, min_items, max_items]),
    [["part", "LIST", 1, 0], ["rule", "SET", 0, 0], ["only", "LIST", 0, 1], ["timeouts", "SINGLE", 0, 0]],
  );
});
