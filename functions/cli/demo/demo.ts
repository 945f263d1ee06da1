/**
 * `clearstack demo`: the whole line in one go. A sample is made and served over HTTP, a service is started, the job is posted to
 * it with URLs, its events are followed, and the result is held against the truth.
 */
import { counted } from "shared/counted.ts";
import { type Io, worldOf } from "../io.ts";
import type { JobRequestInput } from "shared/contract/job_request.ts";
import { type JobResult, type JobStatus, JobStatusSchema } from "shared/contract/job_status.ts";
import { BackendSchema } from "shared/contract/algorithm.ts";
import { ClearstackError, errorFromRecord, type ErrorKind } from "shared/errors.ts";
import { callFunction, callJson } from "shared/http/call_json.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { openImage } from "shared/image/open_image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { openStore } from "shared/storage/open_store.ts";
import { oneOf, wholeNumber } from "../flags/argument_values.ts";
import { serveFiles } from "shared/http/serve_files.ts";
import { programWords } from "../program_words.ts";
import { describeSeam } from "../commands/deconvolve.ts";
import { peakSignalToNoise } from "./demo_quality.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { drawFigure, type FigureColumn } from "../draw/png_figure.ts";
import { ProgressDisplay } from "../commands/progress_display.ts";
import { makeSample, type Sample } from "./sample/make_sample.ts";
import { writeVolume } from "./sample/write_volume.ts";
import { startService } from "functions/library/start_service.ts";

const ITERATIONS_FORM = "a whole number from 1 to 1000";
const FORM = {
  usage: "demo",
  positionals: [],
  flags: {
    "dir": { form: "a folder to write to" },
    "iterations": { form: ITERATIONS_FORM },
    "backend": { form: `one of ${BackendSchema.options.join(", ")}` },
  },
};

/** Marks a folder as the demo's own, which it may write over. */
const MARKER = ".clearstack-demo";
const OWN_FILES = ["sample.zarr", "truth.zarr", "psf.tif", "deconvolved.zarr", "slice.png", "projection.png"];

/** Planes of the pictures: where the sample has much to show. */
const SLICES = [30, 212, 128] as const;

/** Runs the command. */
export async function demoCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const folder = (parsed.value("dir") ?? "clearstack-demo").replace(/(?<=.)\/+$/, "");
  const asked = parsed.value("iterations");
  const iterations = asked === undefined ? undefined : wholeNumber("iterations", asked, ITERATIONS_FORM, [1, 1000]);
  const backend = oneOf("backend", parsed.value("backend") ?? "auto", BackendSchema.options);
  await claimFolder(folder);

  io.err("Making a sample: hollow bars, filaments, vesicles and beads behind a microscope ...\n");
  const sample = makeSample();
  await writeSample(folder, sample, io);
  const result = await deconvolveOverHttp({ folder, iterations, backend }, io);
  const restored = await readVolume(`${folder}/deconvolved.zarr`, sample, io);
  await writePictures(folder, io, sample, {
    values: restored,
    title: `After: ${result.iterations} accelerated iterations`,
  });
  io.out(report({ folder, program: programWords(io.environment).join(" ") }, result, {
    before: peakSignalToNoise(sample.observed, sample.truth),
    after: peakSignalToNoise(restored, sample.truth),
  }));
  return 0;
}

/** Makes the folder, or empties it of what an earlier demo wrote; a folder with anything else in it is left alone. */
async function claimFolder(folder: string): Promise<void> {
  const names = await Array.fromAsync(listFolder(folder));
  if (names.length > 0 && !names.includes(MARKER)) {
    throw new ClearstackError("conflict", `${folder} is not empty and no demo made it: give another with --dir`);
  }
  try {
    for (const name of OWN_FILES) if (names.includes(name)) await Deno.remove(`${folder}/${name}`, { recursive: true });
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/${MARKER}`, "Written by clearstack demo, which overwrites its files here.\n");
  } catch (error) {
    throw unwritable(folder, error);
  }
}

async function* listFolder(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name } of Deno.readDir(folder)) yield name;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw unwritable(folder, error);
  }
}

function unwritable(folder: string, cause: unknown): ClearstackError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ClearstackError("unwritable", `${folder} cannot be written to (${why}): give another folder with --dir`, {
    cause,
  });
}

async function writeSample(
  folder: string,
  { shape, voxelMicrometre, observed, truth, psf }: Sample,
  { environment }: Io,
): Promise<void> {
  for (const [name, values] of [["sample", observed], ["truth", truth]] as const) {
    await writeVolume(openStore(`${folder}/${name}.zarr`, { environment }), { name, shape, voxelMicrometre, values });
  }
  await openStore(folder, { environment }).put("psf.tif", encodeTiff({ ...psf, spacingMicrometre: voxelMicrometre }));
}

interface DemoJob {
  readonly folder: string;
  /** Chosen by the noise where left out. */
  readonly iterations: number | undefined;
  readonly backend: "auto" | "webgpu" | "cpu";
}

/** Serves the folder, starts the functions behind a port of their own, and runs the job through them. */
async function deconvolveOverHttp({ folder, iterations, backend }: DemoJob, io: Io): Promise<JobResult> {
  const files = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    serveFiles(openStore(folder, { environment: io.environment })),
  );
  const service = await startService({ ...worldOf(io), allowedUrls: "any" });
  try {
    const source = `http://127.0.0.1:${files.addr.port}`;
    io.err(`Serving ${source}/sample.zarr and psf.tif; posting the job to ${service.url}/v1/jobs\n`);
    return await runJobOverHttp(service.url, {
      source: { url: `${source}/sample.zarr` },
      psf: { url: `${source}/psf.tif` },
      output: { url: `${folder}/deconvolved.zarr` },
      algorithm: iterations === undefined ? {} : { iterations },
      // Four tiles: one would do, but then there would be no progress to see.
      tiling: { tile: [96, 128, 128] },
      backend,
    }, io);
  } finally {
    await service.close();
    await files.shutdown();
  }
}

/** Posts a job, shows its events as they come, and returns its result. An interruption cancels it. */
async function runJobOverHttp(service: string, request: JobRequestInput, io: Io): Promise<JobResult> {
  const job = await callJson(`${service}/v1/jobs`, JobStatusSchema, { method: "POST", body: request });
  const url = `${service}/v1/jobs/${job.id}`;
  const release = io.onInterrupt(() => void callFunction(url, { method: "DELETE" }).catch(() => {}));
  const display = new ProgressDisplay(io);
  let status: JobStatus = job;
  try {
    const events = await callFunction(`${url}/events`);
    for await (const event of readEvents(events.body!)) {
      status = event.status;
      display.update({ ...status, message: event.message });
    }
  } finally {
    display.end();
    release();
  }
  if (status.result) return status.result;
  const error = status.error ?? { kind: "cancelled", message: `the demo's job was ${status.state}` };
  throw errorFromRecord({ ...error, kind: error.kind as ErrorKind });
}

async function readVolume(url: string, { shape }: Sample, io: Io): Promise<Float32Array> {
  const image = await openImage({ url }, io);
  const { values } = await readBox(image, { outer: [], box: { start: [0, 0, 0], shape }, boundary: "nearest" });
  return values;
}

async function writePictures(folder: string, { environment }: Io, sample: Sample, after: FigureColumn): Promise<void> {
  const { shape, voxelMicrometre } = sample;
  const columns = [
    { title: "Before: as recorded", values: sample.observed },
    after,
    { title: "Truth: what was there", values: sample.truth },
  ];
  const options = { shape, voxelMicrometre, at: SLICES } as const;
  const [z, y] = SLICES;
  const slice = drawFigure(columns, {
    ...options,
    view: "slice",
    heading: `Clearstack demo: slices z = ${z}, y = ${y}`,
  });
  const store = openStore(folder, { environment });
  await store.put("slice.png", slice.encode());
  const heading = "Clearstack demo: the brightest voxel along z, along y";
  const projection = drawFigure(columns, { ...options, view: "projection", heading });
  await store.put("projection.png", projection.encode());
}

function report(
  { folder, program }: { readonly folder: string; readonly program: string },
  result: JobResult,
  psnr: { before: number; after: number },
): string {
  const { voxels, tiles, iterations, seconds, kernelSeconds, backend, adapter, output, seam } = result;
  return `
Deconvolved ${counted(voxels, "voxel")} in ${counted(tiles, "tile")}, ${counted(iterations, "iteration")}, ${
    seconds.toFixed(1)
  } s
  backend   ${backend}: ${adapter}; kernels ${kernelSeconds.toFixed(1)} s
  PSNR      before ${psnr.before.toFixed(2)} dB, after ${psnr.after.toFixed(2)} dB
            20 log10(peak of the truth / rms difference from it), brightness fitted first
  seams     ${seam ? describeSeam(seam) : "none: one tile"}
  pictures  ${folder}/slice.png, ${folder}/projection.png
  output    ${output}

What to do next
  look at it        ${program} show ${folder}/sample.zarr ${folder}/deconvolved.zarr
                    napari --plugin napari-ome-zarr ${folder}/sample.zarr ${folder}/deconvolved.zarr
  your own image    ${program} deconvolve IMAGE OUTPUT.zarr --psf PSF
  what it will take ${program} plan IMAGE --psf PSF
`;
}
