/** Text of files and callers, on its way to a terminal or a log. */
import { unicodeEscape } from "shared/unicode_escape.ts";

/**
 * Characters that a terminal obeys rather than shows: control characters of both sets (C0 but for tab and line feed, DEL, C1),
 * those that turn the direction of writing, and separators of lines that are no line feed.
 */
// deno-lint-ignore no-control-regex -- they are what is looked for
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The text with every such character spelled as `\u001b`, which is what it is in JSON, too. */
export function printable(text: string): string {
  return text.replace(OBEYED, unicodeEscape);
}
