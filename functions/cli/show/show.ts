/** `clearstack show`: an image and its result in the browser, from wherever this machine can read them. */
import { showImages } from "functions/library/show_images.ts";
import { wholeNumber } from "../flags/argument_values.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import type { Io } from "../io.ts";
import { PORT_FORM, untilInterrupted } from "../commands/until_interrupted.ts";

const FORM = {
  usage: "show SOURCE [RESULT]",
  positionals: ["SOURCE", "RESULT"],
  optional: 1,
  flags: { "port": { form: PORT_FORM } },
};

/** Runs the command until it is interrupted. */
export async function showCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const [image, result] = parsed.positionals as [string, string | undefined];
  const port = wholeNumber("port", parsed.value("port") ?? "0", PORT_FORM, [0, 65535]);
  const server = await showImages({ image, result, port, environment: io.environment });
  io.out(`${server.url}\n`);
  io.err("Open this address in a browser of this machine; Ctrl+C ends it.\n");
  return await untilInterrupted(io, server);
}
