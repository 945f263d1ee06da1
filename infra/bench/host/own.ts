/**
 * Our side of infra/bench/host, on the cores that it is given: `own.ts FOLDER JSON`, JSON being shape and cut. Without a source in the
 * folder it makes one and ends; else it prints JSON: processor nanoseconds for each voxel of the output.
 */
import process from "node:process";
import { prepareJob } from "functions/orchestrate/plan/prepare_job.ts";
import { type JobDeps, runJob } from "functions/orchestrate/run/run_job.ts";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { arrayDocuments } from "shared/image/zarr/zarr_documents.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { copyingJobs, copyingRequest, type Cut } from "./copying_job.ts";
import { measureFloor } from "./floor.ts";
import { type Busy, measureParts } from "./parts.ts";
import { testVolume } from "./test_volume.ts";
import { threadSeconds } from "./thread_seconds.ts";

/** Nanoseconds of a voxel of the output, and shares. */
export interface OwnFigures {
  readonly pyramid: JobFigures;
  readonly plain: JobFigures;
  /** Processor seconds that the first job takes longer: starting threads, and code that is not compiled yet. */
  readonly startSeconds: number;
  readonly parts: Readonly<Record<string, Busy>>;
  readonly floor: { readonly read: number; readonly write: number };
}

/** One whole job; processor time without the copying kernels. */
interface JobFigures extends Busy {
  readonly wall: number;
  /** The copying kernels. */
  readonly kernels: number;
}

const [folder, json] = Deno.args as [string, string];
const { shape, chunk, ...cut }: Cut & { readonly shape: Vec3; readonly chunk: Vec3 } = JSON.parse(json);
const voxels = voxelCount(shape);
const perVoxel = (seconds: number) => 1e9 * seconds / voxels;

async function writeArray(name: string, shape: Vec3, values: Uint16Array): Promise<void> {
  const array: StoredArray = {
    ...{ url: `${folder}/${name}.zarr`, array: "0", version: "0.4", dtype: "uint16", axes: ["z", "y", "x"] },
    ...{ shape: [...shape], chunk: mapAxes((axis) => Math.min(shape[axis], chunk[axis])) },
  };
  const store = openStore(array.url, { environment: NO_ENVIRONMENT });
  for (const [key, document] of arrayDocuments(array)) await store.put(key, encodeJson(document));
  await writeBlock(array, { outer: [], core: { start: [0, 0, 0], shape }, values }, { environment: NO_ENVIRONMENT });
}

async function busySeconds(run: () => Promise<unknown>): Promise<Busy> {
  const [start, main] = [process.cpuUsage(), threadSeconds(process.pid)];
  await run();
  const { user, system } = process.cpuUsage(start);
  return { processor: (user + system) / 1e6, mainThread: threadSeconds(process.pid) - main };
}

async function measureJob(deps: JobDeps, name: string, pyramid: boolean): Promise<JobFigures> {
  const started = performance.now();
  let kernels = 0;
  const { processor, mainThread } = await busySeconds(async () => {
    ({ kernelSeconds: kernels } = await runJob(copyingRequest(folder, name, cut, pyramid), deps));
  });
  return {
    processor: perVoxel(processor - kernels),
    wall: perVoxel((performance.now() - started) / 1000),
    mainThread: perVoxel(mainThread),
    kernels: perVoxel(kernels),
  };
}

async function measure(): Promise<OwnFigures> {
  const { close, ...deps } = copyingJobs();
  // What is compiled and started once, whatever the size of the job, is not what is measured.
  const first = await measureJob(deps, "plain", false);
  const plain = await measureJob(deps, "plain", false);
  const pyramid = await measureJob(deps, "out", true);
  const request = copyingRequest(folder, "out", cut, true);
  const { plan } = await prepareJob(request, deps);
  const seconds = await measureParts({ plan, request }, busySeconds);
  await close();
  const few: Vec3 = [16, 512, 512];
  const floor = await measureFloor(testVolume(few), `${folder}/floor`, busySeconds);
  const ofFew = ({ processor }: Busy) => 1e9 * processor / voxelCount(few);
  return {
    ...{ pyramid, plain },
    startSeconds: voxels * (first.processor - plain.processor) / 1e9,
    parts: Object.fromEntries(
      Object.entries(seconds).map(([part, { processor, mainThread }]) => {
        return [part, { processor: perVoxel(processor), mainThread: perVoxel(mainThread) }];
      }),
    ),
    floor: { read: ofFew(floor.read), write: ofFew(floor.write) },
  };
}

if (await Deno.stat(`${folder}/source.zarr`).catch(() => undefined) === undefined) {
  await writeArray("source", shape, testVolume(shape));
  await writeArray("psf", [3, 3, 3], new Uint16Array(27).fill(1));
} else console.log(JSON.stringify(await measure()));
