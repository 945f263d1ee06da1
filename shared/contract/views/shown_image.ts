/** Images as they are, for viewers: read by the service with its own rights, and passed on. */
import { z } from "zod";
import { ImageInfoSchema } from "../image_info.ts";

/** Answer of `POST /v1/images`, whose body is a location. */
export const ShownImageSchema = z.strictObject({
  image: ImageInfoSchema.describe("of the image that was named; where the source has several, of the first"),
  paths: z.array(z.string()).describe("all images of the source, as `path` names them; one empty path where it is one"),
  url: z.string().describe(
    "root of an OME-Zarr of the image, signed, for whoever has it: viewers send no headers. A TIFF has one level",
  ),
  expires: z.iso.datetime().describe("until then the URL is answered"),
});
export type ShownImage = z.infer<typeof ShownImageSchema>;
