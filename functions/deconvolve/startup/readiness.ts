/** Readiness of this process: known once a kernel has been run and was right. */
import type { BackendChoice } from "shared/contract/algorithm.ts";
import type { Device } from "shared/contract/device.ts";
import { ClearstackError } from "shared/errors.ts";
import { PROCESS } from "shared/telemetry/metrics.ts";
import { checkKernel, type MakeDeconvolver } from "./kernel_check.ts";

interface ReadinessDeps {
  /** Backend of tiles that ask for this one. */
  readonly device: (choice: BackendChoice) => Promise<Device>;
  readonly make: (backend: Device["backend"], ...options: Parameters<MakeDeconvolver>) => ReturnType<MakeDeconvolver>;
  /** Refuse what is no hardware GPU: a node that was rented for its GPU must not quietly work without. */
  readonly requireGpu: boolean;
}

/**
 * Makes the check. The first success is remembered, failures are tried again; calls at the same time share one run.
 *
 * @returns rejects with {@link ClearstackError} `no-device` that says why, or what the kernels throw
 */
export function createReadiness(deps: ReadinessDeps): () => Promise<void> {
  let known: Promise<void> | undefined;
  return async () => {
    const check = known ??= lookAtDevice(deps);
    try {
      await check;
      PROCESS.ready.set(1, { function: "deconvolve" });
    } catch (error) {
      PROCESS.ready.set(0, { function: "deconvolve" });
      if (known === check) known = undefined;
      throw error;
    }
  };
}

async function lookAtDevice({ device, make, requireGpu }: ReadinessDeps): Promise<void> {
  const { backend, computeOnHost, adapter, reason } = await device("auto");
  if (requireGpu && (backend === "cpu" || computeOnHost)) {
    throw new ClearstackError(
      "no-device",
      `CLEARSTACK_REQUIRE_GPU is set and tiles would be computed on ${adapter}: ${reason}`,
    );
  }
  await checkKernel((options) => make(backend, options));
}
