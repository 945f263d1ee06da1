/**
 * A server of gRPC for calls of one message and one answer, over HTTP/2 without TLS on the loopback interface. `@grpc/grpc-js` would
 * do, but brings some 30 packages and the types of Node into every type check.
 */
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";

/** What answers a call, from message to message, both as plain objects. */
export type Handler = (request: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/** A server that runs. */
interface GrpcServer {
  readonly port: number;
  close(): void;
}

/** Statuses of gRPC. */
const STATUS = { ok: 0, unknown: 2, unimplemented: 12 } as const;
/** Each message follows a byte that says whether it is compressed, and its length in four bytes. */
const PREFIX_BYTES = 5;
/** Longer than any configuration. */
const MAX_REQUEST_BYTES = 16 * 2 ** 20;

/**
 * Serves the methods of a service. A call of another method is answered as not implemented, an error of a handler by its message.
 *
 * @param definition text of the `.proto`
 * @param name full name of the service
 */
export async function serveGrpc(
  definition: string,
  name: string,
  handlers: Readonly<Record<string, Handler>>,
): Promise<GrpcServer> {
  const { root } = protobuf.parse(definition, { keepCase: true });
  const { methods } = root.lookupService(name);
  const server = createServer();
  server.on("stream", async (stream: ServerHttp2Stream, headers: Record<string, unknown>) => {
    const [method, handler] = find(String(headers[":path"]));
    if (method === undefined || handler === undefined) {
      return end(stream, STATUS.unimplemented, `no ${headers[":path"]} here`);
    }
    try {
      method.resolve();
      const [requests, answers] = [method.resolvedRequestType!, method.resolvedResponseType!];
      const request = requests.toObject(requests.decode(await readMessage(stream)), { longs: Number });
      end(stream, STATUS.ok, "", answers.encode(answers.fromObject(handler(request))).finish());
    } catch (error) {
      end(stream, STATUS.unknown, error instanceof Error ? error.message : String(error));
    }
  });
  const find = (path: string): [protobuf.Method | undefined, Handler | undefined] => {
    const [, service, method = ""] = path.split("/");
    return service === name ? [methods[method], handlers[method]] : [undefined, undefined];
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** The one message of a request. */
async function readMessage(stream: ServerHttp2Stream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_REQUEST_BYTES) throw new Error(`a request has more than ${MAX_REQUEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  const framed = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  if (framed[0] !== 0) throw new Error("a request is empty or compressed: neither is expected of Terraform");
  return framed.subarray(PREFIX_BYTES);
}

/** Answers with a message, if there is one, and a status. */
function end(stream: ServerHttp2Stream, status: number, message: string, answer?: Uint8Array): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => {
    stream.sendTrailers({ "grpc-status": String(status), "grpc-message": encodeURIComponent(message) });
  });
  if (answer === undefined) return void stream.end();
  const framed = new Uint8Array(PREFIX_BYTES + answer.length);
  new DataView(framed.buffer).setUint32(1, answer.length);
  framed.set(answer, PREFIX_BYTES);
  stream.end(framed);
}
