/** Reading a JSON body that another function sent: its type, its size and its shape are checked before anything uses it. */
import { concat } from "@std/bytes/concat";
import type { z } from "zod";
import { ClearstackError } from "shared/errors.ts";

/** Largest body that is read. A request holds URLs and numbers, never voxels. */
export const MAX_BODY_BYTES = 2 ** 20;

/**
 * Parses the body of a request.
 *
 * @throws {ClearstackError} `invalid-request` for a body that is not JSON or too large; a ZodError where it breaks the schema
 */
export async function readJson<T extends z.ZodType>(request: Request, schema: T): Promise<z.output<T>> {
  const bytes = await readAtMost(request, MAX_BODY_BYTES);
  const text = utf8Text(bytes);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new ClearstackError("invalid-request", "the body is not JSON", { cause });
  }
  return schema.parse(body);
}

/**
 * The text of a body. What is not UTF-8 is refused: a name in it would become another.
 *
 * @throws {ClearstackError} `invalid-request`
 */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ClearstackError("invalid-request", "the body is not UTF-8", { cause });
  }
}

async function readAtMost(request: Request, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.length;
    if (length > limit) throw new ClearstackError("invalid-request", `the body is larger than ${limit} bytes`);
    pieces.push(piece);
  }
  return concat(pieces);
}
