/** Work of codec threads, and the messages that ask for it. */
import { encodeBlosc } from "../blosc/blosc_frame.ts";
import { type DecoderName, DECODERS, type DecoderSettings } from "../decoders.ts";
import { encodeChunk, type EncodeWork } from "./encode_work.ts";
import { placeChunk, type PlaceWork } from "./place_work.ts";

/** One piece of work, without its bytes. */
export type CodecWork =
  | { readonly do: "encode-blosc"; readonly elementBytes: number }
  | { readonly do: "decode"; readonly codec: DecoderName; readonly settings: DecoderSettings }
  | PlaceWork
  | EncodeWork;

/** Does it on this thread. Whoever has a chunk placed gets the bytes of it back, to use their memory again. */
export async function doCodecWork(work: CodecWork, bytes: Uint8Array): Promise<Uint8Array> {
  switch (work.do) {
    case "encode-blosc":
      return encodeBlosc(bytes, work.elementBytes);
    case "decode":
      return await DECODERS[work.codec](bytes, work.settings);
    case "encode-chunk":
      return encodeChunk(work, bytes);
    case "place":
      await placeChunk(work, bytes);
      return bytes;
  }
}
