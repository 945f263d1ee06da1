import type { Location } from "../contract.ts";
import { ClearstackError } from "../errors.ts";
import type { RequestOptions } from "../storage/store.ts";
import type { Image } from "./image.ts";

export function openTiff(_location: Location, _options: RequestOptions = {}): Promise<Image> {
  throw new ClearstackError("internal", "not available yet");
}
