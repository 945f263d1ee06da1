/** Versions of what computes besides the device: programs and the machine. */
import { VERSION } from "shared/version.ts";

interface Versions {
  readonly clearstack: string;
  readonly deno: string;
  readonly v8: string;
  /** `linux x86_64`. */
  readonly system: string;
}

/** Of this process. */
export function versions(): Versions {
  const { deno, v8 } = Deno.version;
  return { clearstack: VERSION, deno, v8, system: `${Deno.build.os} ${Deno.build.arch}` };
}
