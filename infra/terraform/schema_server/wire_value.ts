/** Values as Terraform's plugin protocol has them: MessagePack, in which what is not known yet is an extension. */
import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";

/** A value that is known after apply, with what is said of it as it came. */
export class Unknown {
  constructor(readonly kind: number, readonly refinement: Uint8Array) {}
}

/** A value of which nothing is known. */
export const UNKNOWN = new Unknown(0, new Uint8Array(1));

/** The two extensions that stand for what is not known: one says nothing more, the other some bounds. */
const KINDS = [0, 12];

const extensionCodec = new ExtensionCodec();
for (const kind of KINDS) {
  extensionCodec.register({
    type: kind,
    encode: (value) => value instanceof Unknown && value.kind === kind ? value.refinement : null,
    decode: (refinement) => new Unknown(kind, refinement.slice()),
  });
}
const encoder = new Encoder({ extensionCodec });
const decoder = new Decoder({ extensionCodec });

/** A value in a message of the protocol. */
export interface WireValue {
  readonly msgpack: Uint8Array;
}

/** Packs a value. */
export function packValue(value: unknown): WireValue {
  return { msgpack: encoder.encode(value) };
}

/** Unpacks a value; what is missing in the message is null. */
export function unpackValue(value: WireValue | null | undefined): unknown {
  return value === null || value === undefined || value.msgpack.length === 0 ? null : decoder.decode(value.msgpack);
}
