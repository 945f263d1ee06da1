/**
 * SHA-256 for pages that come by http from another machine: browsers keep `crypto.subtle` from them. The bundle runs this before
 * anything else, in threads too.
 */
import { sha256 } from "./browser_crypto.ts";

/** The one function of `crypto.subtle` that the page calls. */
export async function digest(algorithm: string, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer> {
  if (algorithm !== "SHA-256") throw new Error(`${algorithm} is not computed here`);
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  return await Promise.resolve(sha256(bytes).buffer);
}

// Absent there, whatever the types say.
const subtle: SubtleCrypto | undefined = crypto.subtle;
if (subtle === undefined) Object.defineProperty(crypto, "subtle", { value: { digest } });
