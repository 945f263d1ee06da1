import { ClearstackError } from "../errors.ts";
import type { Store } from "./store.ts";

export function httpStore(_url: string): Store {
  throw new ClearstackError("internal", "not available yet");
}
