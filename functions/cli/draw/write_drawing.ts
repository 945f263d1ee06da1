/** Writes the file of `--svg`. */
import { ClearstackError } from "shared/errors.ts";

/** @throws {ClearstackError} `unwritable` */
export async function writeDrawing(file: string, svg: string): Promise<void> {
  try {
    await Deno.writeTextFile(file, svg);
  } catch (cause) {
    throw new ClearstackError("unwritable", `--svg "${file}" cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}
