/** The kernels themselves, once the last reader of a tile has left: counted in submissions, as times depend on the machine. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import type { Deconvolver } from "kernels/deconvolver.ts";
import { isClearstackError } from "shared/errors.ts";
import { type IdentityJobs, identityJobs } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { webgpuTest } from "../../require.ts";
import { bodyOf, sampleView, startViews } from "./view_service.ts";

/** Far more than are done before anybody leaves. */
const ENDLESS = 100_000;

/** Iterations of a tile that is waited for. */
const FEW = 3;

type Backend = "cpu" | "webgpu";
type Ending = "done" | "cancelled" | "failed";

/** Told of runs of the kernels. */
interface RunListener {
  readonly iterated: () => void;
  /** Nobody wants the tile any more. */
  readonly aborted: () => void;
  readonly ended: (how: Ending) => void;
}

/** Runs with somebody listening. */
function listened(deconvolver: Deconvolver, { iterated, aborted, ended }: RunListener): Deconvolver {
  return {
    ...{ backend: deconvolver.backend, adapter: deconvolver.adapter, allocatedBytes: deconvolver.allocatedBytes },
    close: () => deconvolver.close(),
    async run(data, options) {
      options.signal?.addEventListener("abort", aborted, { once: true });
      try {
        const result = await deconvolver.run(data, { ...options, onIterations: iterated });
        ended("done");
        return result;
      } catch (error) {
        ended(isClearstackError(error, "cancelled") ? "cancelled" : "failed");
        throw error;
      } finally {
        options.signal?.removeEventListener("abort", aborted);
      }
    },
  };
}

/** A reader asks for a tile without end and leaves while it is computed; then somebody asks for another one. */
async function leave(backend: Backend, told: RunListener): Promise<void> {
  const endings: Ending[] = [];
  let made = 0;
  const { promise: running, resolve: begin } = Promise.withResolvers<void>();
  const listener: RunListener = {
    iterated: () => {
      told.iterated();
      begin();
    },
    aborted: told.aborted,
    ended: (how) => {
      endings.push(how);
      told.ended(how);
    },
  };
  const identity = identityJobs({
    ...identityKernels(),
    chooseBackend,
    createDeconvolver: async (backend, options, lane) => {
      made++;
      return listened(await createDeconvolver(backend, options, lane), listener);
    },
  });
  const device: IdentityJobs["device"] = async (choice) => ({ ...await identity.device(choice), backend });
  await using service = await startViews({ deps: { ...identity, device } });
  const { request } = await sampleView();
  const rootOf = async (iterations: number) =>
    service.rootOf(
      await service.views.create({ ...request, backend, algorithm: { ...request.algorithm, iterations } }),
    );
  const [endless, finite] = [await rootOf(ENDLESS), await rootOf(FEW)];
  const leaving = new AbortController();
  const answer = fetch(`${endless}/0/c/0/0/0`, { signal: leaving.signal }).then(bodyOf, () => "left");
  await running;
  leaving.abort();
  assertEquals(await answer, "left");
  while (endings.length === 0) await delay(1);
  assertEquals(endings, ["cancelled"]);
  await bodyOf(await fetch(`${finite}/0/c/0/0/0`));
  // The same kernels go on: nothing was lost or made anew.
  assertEquals([endings, made], [["cancelled", "done"], 1]);
}

Deno.test("the CPU stops once the last reader has left, and computes the next tile with the same kernels", () =>
  leave("cpu", { iterated: () => {}, aborted: () => {}, ended: () => {} }));

webgpuTest("a GPU only ends the submission that is on it once the last reader has left", async () => {
  // Each submission tells of its iterations when it is done.
  let [isLeft, more] = [false, 0];
  await leave("webgpu", {
    iterated: () => void (more += Number(isLeft)),
    aborted: () => isLeft = true,
    ended: () => isLeft = false,
  });
  // The one that was on the device, and one before it whose message was still on its way.
  assert(more <= 2, `${more} submissions`);
});
