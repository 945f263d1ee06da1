/**
 * Serves the `deconvolve` function over kernels that change nothing, in which something goes wrong: FAULT says what, FAULT_AT in
 * which run of a process (from 1), FAULT_MARK names a file that is made when it does. FAULT_TIMES is how often in all.
 */
import { createDeconvolveApp } from "functions/deconvolve/app.ts";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { serveParent, toldToParent } from "functions/deconvolve/startup/serve_parent.ts";
import type { ErrorKind } from "shared/errors.ts";
import { ClearstackError } from "shared/errors.ts";
import { identityJobs } from "./identity_jobs.ts";
import { identityKernels } from "./identity_kernels.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";

const fault = Deno.env.get("FAULT");
const at = Number(Deno.env.get("FAULT_AT") ?? 1);
const times = Number(Deno.env.get("FAULT_TIMES") ?? 1);
const mark = Deno.env.get("FAULT_MARK")!;

const faults = () => Deno.readTextFileSync(mark).length;

const kernels = identityKernels((run) => {
  if (run !== at || faults() >= times) return;
  Deno.writeTextFileSync(mark, "x", { append: true });
  if (fault === "crash") {
    console.error("the driver fell over");
    Deno.kill(Deno.pid, "SIGKILL");
  }
  if (fault === "hang") return new Promise(() => {});
  throw new ClearstackError(fault as ErrorKind, "a fault on purpose");
});
const app = createDeconvolveApp({
  ...toldToParent(createTileComputer(kernels, NO_ENVIRONMENT)),
  device: identityJobs().device,
  token: Deno.env.get("CLEARSTACK_TOKEN")!,
});
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
await serveParent(server.addr.port);
