/** Work of codec threads, and the messages that ask for it. */
import { encodeBlosc } from "../blosc/blosc_frame.ts";
import { type DecoderName, DECODERS, type DecoderSettings } from "../decoders.ts";

/** One piece of work, without its bytes. */
export type CodecWork =
  | { readonly do: "encode-blosc"; readonly elementBytes: number }
  | { readonly do: "decode"; readonly codec: DecoderName; readonly settings: DecoderSettings };

/** Does it on this thread. */
export async function doCodecWork(work: CodecWork, bytes: Uint8Array): Promise<Uint8Array> {
  if (work.do === "encode-blosc") return encodeBlosc(bytes, work.elementBytes);
  return await DECODERS[work.codec](bytes, work.settings);
}

/** To a thread, whose `bytes` it then owns. */
export interface CodecRequest {
  readonly id: number;
  readonly work: CodecWork;
  readonly bytes: Uint8Array;
}

/** From a thread: bytes that the caller then owns, or why there are none. */
export type CodecAnswer =
  | { readonly id: number; readonly bytes: Uint8Array }
  | { readonly id: number; readonly failure: string };
