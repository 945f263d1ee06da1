/** `clearstack info`: what is known of an image without reading its voxels. */
import { describeImage } from "shared/image/describe_image.ts";
import { infoTable } from "./info_table.ts";
import type { Io } from "../io.ts";
import { JOB_FLAGS } from "../flags/job_flags.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { sourceLocation } from "../flags/source_location.ts";
import { writeDrawing } from "../draw/write_drawing.ts";

const FORM = {
  usage: "info SOURCE",
  positionals: ["SOURCE"],
  flags: {
    "path": JOB_FLAGS.path!,
    "axes": JOB_FLAGS.axes!,
    "pages": JOB_FLAGS.pages!,
    "svg": { form: "a file to draw the image into" },
    "json": {},
  },
};

export async function infoCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const description = await describeImage(sourceLocation(parsed, parsed.positionals[0]!), io);
  const file = parsed.value("svg");
  if (file !== undefined) {
    const { infoSvg } = await import("../draw/info_svg.ts");
    await writeDrawing(file, infoSvg(description));
  }
  io.out(parsed.has("json") ? `${JSON.stringify(description)}\n` : infoTable(description));
  return 0;
}
