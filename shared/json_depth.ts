/**
 * Nesting of JSON, told before it is parsed: millions of brackets in each other take seconds to parse, and whoever walks through
 * what comes out runs out of stack.
 */

/** What is deeper is no document of anybody's. */
const MAX_DEPTH = 256;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN, CLOSE] = [[0x5b, 0x7b], [0x5d, 0x7d]];

/** @throws {Error} for JSON whose arrays and objects lie more than 256 deep in each other */
export function assertShallow(bytes: Uint8Array): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (quoted) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN[0] || byte === OPEN[1]) {
      if (++depth > MAX_DEPTH) throw new Error(`it is nested more than ${MAX_DEPTH} deep`);
    } else if (byte === CLOSE[0] || byte === CLOSE[1]) depth--;
  }
}
