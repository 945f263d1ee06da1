import { ClearstackError } from "../errors.ts";
import type { Store } from "./store.ts";

export function memoryStore(_url: string): Store {
  throw new ClearstackError("internal", "not available yet");
}
