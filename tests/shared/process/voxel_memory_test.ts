import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { VoxelMemory } from "shared/process/voxel_memory.ts";

Deno.test("memory that was given back is used again where it is large enough, the smallest first", () => {
  const memory = new VoxelMemory();
  const [small, large] = [memory.take("uint16", 100), memory.take("float32", 100)];
  const { buffer } = large;
  memory.leave(large);
  memory.leave(small);
  const again = memory.take("uint16", 90);
  assertStrictEquals(again.buffer, small.buffer);
  assertEquals(again.length, 90);
  assertStrictEquals(memory.take("uint16", 200).buffer, buffer);
});

Deno.test("memory that is too small makes way for what is larger, so that no more is kept than was out", () => {
  const memory = new VoxelMemory();
  const small = memory.take("uint16", 100);
  memory.leave(small);
  memory.take("float32", 100);
  assertEquals(small.length, 0, "freed");
});

Deno.test("with the end of the last piece of work, what is kept is freed, unless threads share it", () => {
  const memory = new VoxelMemory();
  const work = () => {
    using _one = memory.use();
    const values = memory.take("float32", 100);
    {
      using _other = memory.use();
      memory.leave(memory.take("uint16", 100));
    }
    assertStrictEquals(memory.take("uint16", 100).byteLength, 200);
    memory.leave(values);
    return values;
  };
  const own = work();
  assertEquals(own.length, 0, "freed");
  memory.share();
  const shared = work();
  assert(shared.buffer instanceof SharedArrayBuffer);
  assertStrictEquals(memory.take("float32", 100).buffer, shared.buffer);
});

Deno.test("where memory is shared, nothing else is kept", () => {
  const memory = new VoxelMemory();
  const early = memory.take("float32", 100);
  memory.share();
  memory.leave(early);
  assertEquals(early.length, 0, "freed");
});
