/** `clearstack reproduce`: the command that makes an output again. */
import { canonicalUrl, redactUrl } from "shared/storage/url.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Io } from "../io.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { programWords } from "../program_words.ts";
import { shellQuote } from "./shell_quote.ts";

const FORM = {
  usage: "reproduce OUT [AGAIN]",
  positionals: ["OUT", "AGAIN"],
  optional: 1,
  flags: { "json": {}, "quiet": {} },
};

export async function reproduceCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const [url, again] = parsed.positionals as [string, string?];
  if (url === "" || again === "") {
    throw new ClearstackError("invalid-request", `"" names no file: expected a path or a URL`);
  }
  const { readRecipe } = await import("./recipe.ts");
  const recipe = await readRecipe(url, again ?? besideOf(url), io);
  const command = shellQuote([...programWords(io.environment), ...recipe.words]);
  if (!parsed.has("quiet")) { for (const warning of recipe.warnings) io.err(`warning: ${warning}\n`); }
  io.out(parsed.has("json") ? `${JSON.stringify({ command, ...recipe })}\n` : `${command}\n`);
  return 0;
}

/** `/data/out.zarr` -> `/data/out-again.zarr`: what is there would be in the way. */
function besideOf(url: string): string {
  return redactUrl(canonicalUrl(url)).replace(/((?:\.ome)?\.(?:zarr|tiff?))?$/i, "-again$1");
}
