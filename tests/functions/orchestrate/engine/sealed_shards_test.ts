import { assert, assertEquals, assertRejects } from "@std/assert";
import { sealedShards } from "functions/orchestrate/engine/sealed_shards.ts";
import { shardFolder, ShardStore } from "shared/engine/restate/restate_shards.ts";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { sampleTask } from "../../../shared/engine/sample_tasks.ts";
import { openStore } from "../../../stores.ts";

const newKey = () => crypto.getRandomValues(new Uint8Array(32)).toBase64();
const task = sampleTask(0);
const signed = { ...task, source: { ...task.source, url: "https://bucket.example/a.zarr?X-Amz-Signature=5ecre7" } };
const shard = { kind: "tiles", concurrency: 2, window: 2, tasks: [signed] } as const;
const name = `${shardFolder("a-run", "tiles")}1.json`;

Deno.test("with a key no signature is stored, and who has the key reads the shard", async () => {
  const store = openStore(memoryUrl());
  const key = newKey();
  await new ShardStore(sealedShards(store, key)).put(name, shard);
  const stored = new TextDecoder().decode(await store.get(name));
  assert(stored.length > 100 && !stored.includes("5ecre7"));
  assertEquals((await new ShardStore(sealedShards(store, key)).get(name))?.tasks, [signed]);
});

Deno.test("who has another key is told so", async () => {
  const store = openStore(memoryUrl());
  await new ShardStore(sealedShards(store, newKey())).put(name, shard);
  const other = new ShardStore(sealedShards(store, newKey()));
  await assertRejects(() => other.get(name), ClearstackError, "CLEARSTACK_STATE_KEY");
});
