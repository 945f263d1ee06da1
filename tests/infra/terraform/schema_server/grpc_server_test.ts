import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { connect } from "node:http2";
import { serveGrpc } from "../../../../infra/terraform/schema_server/grpc_server.ts";

const DEFINITION = `syntax = "proto3";
package test;
service Adder {
  rpc Add(Numbers) returns (Sum);
  rpc Lost(Numbers) returns (Sum);
}
message Numbers { repeated int32 values = 1; }
message Sum { int32 value = 1; }
`;

/** Calls a method with a frame; what comes back, and the status. */
async function call(
  port: number,
  path: string,
  frame: readonly number[],
): Promise<[bytes: number[], status: string, message: string]> {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
  const chunks: Uint8Array[] = [];
  let trailers: Record<string, unknown> = {};
  stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  stream.on("trailers", (found: Record<string, unknown>) => trailers = found);
  stream.end(Buffer.from(frame));
  await new Promise((resolve) => stream.on("end", resolve));
  await new Promise<void>((resolve) => session.close(() => resolve()));
  return [[...Buffer.concat(chunks)], String(trailers["grpc-status"]), String(trailers["grpc-message"] ?? "")];
}

Deno.test("a call is answered by its handler, and what is wrong by a status and a message", async () => {
  const server = await serveGrpc(DEFINITION, "test.Adder", {
    Add: ({ values }) => {
      if (values === undefined) throw new Error("no numbers");
      return { value: (values as number[]).reduce((sum, value) => sum + value, 0) };
    },
  });
  try {
    // Field 1, packed: 3 and 4; the sum in field 1.
    assertEquals(await call(server.port, "/test.Adder/Add", [0, 0, 0, 0, 4, 0x0a, 2, 3, 4]), [
      [0, 0, 0, 0, 2, 8, 7],
      "0",
      "",
    ]);
    assertEquals(await call(server.port, "/test.Adder/Add", [0, 0, 0, 0, 0]), [[], "2", "no%20numbers"]);
    assertEquals((await call(server.port, "/test.Adder/Add", [1, 0, 0, 0, 0])).slice(0, 2), [[], "2"]);
    assertEquals((await call(server.port, "/test.Adder/Lost", [0, 0, 0, 0, 0])).slice(0, 2), [[], "12"]);
    assertEquals((await call(server.port, "/other.Adder/Add", [0, 0, 0, 0, 0])).slice(0, 2), [[], "12"]);
  } finally {
    server.close();
  }
});
