/** Place where a benchmark keeps its images: a folder, or a bucket of an object store that runs as long as it. */
import { s3Client } from "shared/storage/s3/s3_client.ts";
import { ObjectServer } from "../../cluster/object_server.ts";

const BUCKET = "clearstack-bench";

interface BenchStore extends AsyncDisposable {
  /** Folder or URL. */
  readonly url: string;
  /** Variables that reach it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A folder that is removed in the end. */
export async function diskStore(): Promise<BenchStore> {
  const url = await Deno.makeTempDir({ prefix: "clearstack-memory-" });
  return { url, environment: {}, [Symbol.asyncDispose]: () => Deno.remove(url, { recursive: true }) };
}

/**
 * A bucket of Ceph, whose objects are in memory and may take so many bytes.
 *
 * @throws {Error} why Ceph cannot run here
 */
export async function s3Store(bytes: number): Promise<BenchStore> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-memory-" });
  const stop = async (server?: ObjectServer) => {
    await server?.stop();
    await Deno.remove(folder, { recursive: true });
  };
  let server: ObjectServer | undefined;
  try {
    server = await ObjectServer.start(folder, bytes);
    const { environment } = server;
    const send = s3Client(BUCKET, { env: (name) => environment[name] }, {});
    await send({ method: "PUT", path: "", what: "the bucket of the benchmark" }, (response) => response.body?.cancel());
    return { url: `s3://${BUCKET}`, environment, [Symbol.asyncDispose]: () => stop(server) };
  } catch (error) {
    await stop(server);
    throw error;
  }
}
