/** `clearstack view` in a process of its own, on an image in memory, and what can be told of it from outside. Linux only. */
import { TextLineStream } from "@std/streams/text-line-stream";
import type { View } from "shared/contract/views/view.ts";
import type { TileReport } from "shared/contract/tile.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { residentPeak } from "../memory/resident_peak.ts";
import { writeRepeatedVolume } from "../memory/repeated_volume.ts";
import { taskEnvironment } from "../task_environment.ts";

/** Of the kernel's counts; the same on every Linux. */
const TICKS_PER_SECOND = 100;

/** A running view. */
interface StartedView {
  readonly view: View;
  /** Tasks of a kind that the service has ended, by how they ended. */
  tasksEnded(kind: "tiles" | "pilots"): Promise<Readonly<Record<string, number>>>;
  /** What the record of a tile says that it took to read, compute and encode, milliseconds. */
  tileMilliseconds(index: number): Promise<number>;
  /** Seconds for which all threads have been busy so far. */
  processorSeconds(): number;
  /** Ends it. @returns its peak resident set, bytes */
  end(): Promise<number>;
}

interface ViewedImage {
  /** For the image and the cache. */
  readonly folder: string;
  readonly shape: Vec3;
  readonly iterations: string;
  /** Of the plan. */
  readonly memory: string;
}

/** Makes an image and starts a view of it. */
export async function startView({ folder, shape, iterations, memory }: ViewedImage): Promise<StartedView> {
  const [image, psf] = [`${folder}/image.zarr`, `${folder}/psf.zarr`];
  await writeRepeatedVolume(openStore(image, { environment: NO_ENVIRONMENT }), shape);
  await writeRepeatedVolume(openStore(psf, { environment: NO_ENVIRONMENT }), [17, 17, 17], [17, 17, 17]);
  const entry = new URL("../../../functions/cli/main.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", entry, "view", image, "--psf", psf, "--iterations", iterations],
      ...["--memory", memory, "--halo", "8,8,8", "--backend", "cpu"],
      ...["--cache", `${folder}/cache`, "--json", "--quiet"],
    ],
    env: taskEnvironment(),
    stdout: "piped",
  }).spawn();
  const toLines: TransformStream<string, string> = new TextLineStream();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(toLines).getReader();
  const { value } = await lines.read();
  if (value === undefined) throw new Error("no view was made");
  const view: View = JSON.parse(value);
  const peakBytes = residentPeak(process.pid, process.status);
  return {
    view,
    tasksEnded: (kind) => tasksEnded(view, kind),
    tileMilliseconds: (index) => tileMilliseconds(`${folder}/cache`, index),
    processorSeconds: () => processorSeconds(process.pid),
    end() {
      process.kill("SIGINT");
      return peakBytes;
    },
  };
}

async function tasksEnded({ urls }: View, kind: string): Promise<Record<string, number>> {
  const text = await (await fetch(new URL("/metrics", urls["0.5"]))).text();
  const ended = [...text.matchAll(/^clearstack_tasks_total\{([^}]*)\} (\d+)$/gm)];
  return Object.fromEntries(ended.flatMap(([, labels, count]) => {
    const outcome = /outcome="(\w+)"/.exec(labels!)?.[1];
    return outcome === undefined || !labels!.includes(`kind="${kind}"`) ? [] : [[outcome, Number(count)]];
  }));
}

async function tileMilliseconds(cache: string, index: number): Promise<number> {
  const store = openStore(cache, { environment: NO_ENVIRONMENT });
  for await (const key of store.list("outputs/")) {
    if (!key.endsWith(`/${String(index).padStart(8, "0")}.json`)) continue;
    const { readSeconds, kernelSeconds, writeSeconds }: TileReport = JSON.parse(
      new TextDecoder().decode(await store.get(key)),
    );
    return 1000 * (readSeconds + kernelSeconds + writeSeconds);
  }
  throw new Error(`tile ${index} has no record`);
}

function processorSeconds(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
