/**
 * WebGPU reports most errors into scopes instead of throwing them; this turns them into errors.
 */
import { ClearstackError } from "shared/errors.ts";

/**
 * Runs `work` and throws what the device reports meanwhile.
 *
 * @param what names the work in messages
 * @param bytes device bytes that it needs, for the message of `device-memory`
 * @throws {ClearstackError} `device-memory` if the device ran out of memory, `internal` for work it refused
 */
export async function withErrorScopes<T>(
  device: GPUDevice,
  { what, bytes }: { readonly what: string; readonly bytes: number },
  work: () => Promise<T> | T,
): Promise<T> {
  const scopes = ["validation", "internal", "out-of-memory"] as const;
  for (const scope of scopes) device.pushErrorScope(scope);
  const outcome = await Promise.resolve().then(work).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const [outOfMemory, internal, validation] = [
    await device.popErrorScope(),
    await device.popErrorScope(),
    await device.popErrorScope(),
  ];
  if (outOfMemory) {
    throw new ClearstackError(
      "device-memory",
      `the GPU ran out of memory in ${what}, which needs ${bytes} bytes (${outOfMemory.message}); use smaller tiles`,
    );
  }
  if ("error" in outcome) throw outcome.error;
  const refused = internal ?? validation;
  if (refused) throw new ClearstackError("internal", `the GPU refused ${what}: ${refused.message}`);
  return outcome.value;
}
