/**
 * `deno task bench:empty [--planes 3840] [--iterations 20] [--backend cpu]`: deconvolves a volume of which nine in ten chunks are
 * missing, with empty boxes left as they are and with all of them computed, and prints what each took, programs being loaded and
 * kernels made once before.
 */
import process from "node:process";
import { deconvolve } from "@clearstack/clearstack";
import { BackendSchema } from "shared/contract/algorithm.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { readFlags } from "../../read_flags.ts";
import { diskStore } from "../memory/bench_store.ts";
import { writeRepeatedVolume } from "../memory/repeated_volume.ts";

const CHUNK: Vec3 = [16, 128, 128];

const options = readFlags({ planes: "3840", iterations: "20", backend: "cpu" });
const shape: Vec3 = [Number(options.planes), CHUNK[1], CHUNK[2]];
await using store = await diskStore();
const world = { environment: { env: (name: string) => store.environment[name] } };
const source = openStore(`${store.url}/source.zarr`, world);
await writeRepeatedVolume(source, shape, CHUNK);
const chunks = Math.ceil(shape[0] / CHUNK[0]);
const kept = Math.round(chunks / 10);
for (let z = kept; z < chunks; z++) await source.delete(`c/${z}/0/0`);
const { shape: psfShape, values } = gaussianPsf([9, 9, 9], [1.2, 1.2, 1.2]);
const psf = { data: Float32Array.from(values), shape: psfShape, axes: "zyx" };

await timed("warm.zarr", { keepEmpty: true, iterations: 1 });
const left = await timed("left.zarr", { keepEmpty: false });
const computed = await timed("computed.zarr", { keepEmpty: true });
console.log(`volume      ${shape.join(" x ")} uint16, ${kept} of ${chunks} chunks stored, ${computed.tiles} tiles`);
console.log(`all boxes   ${times(computed)}`);
console.log(`left empty  ${times(left)}, ${left.empty?.tiles ?? 0} tiles left`);
console.log(`difference  ${(100 * (left.empty?.largest ?? 0)).toPrecision(2)} % at ${left.empty?.places ?? 0} places`);
console.log(
  `times less  ${(computed.busy / left.busy).toFixed(1)} processor, ${(computed.took / left.took).toFixed(1)} time`,
);

function times({ took, busy, bytesRead }: Awaited<ReturnType<typeof timed>>): string {
  return `${took.toFixed(1)} s, processors busy for ${busy.toFixed(1)} s, ${bytesRead} bytes read`;
}

async function timed(output: string, algorithm: { readonly keepEmpty: boolean; readonly iterations?: number }) {
  const [started, before] = [performance.now(), process.cpuUsage()];
  const result = await deconvolve(`${store.url}/source.zarr`, psf, {
    algorithm: { iterations: Number(options.iterations), boundary: "non-circulant", acceleration: "shb", ...algorithm },
    tiling: { tile: CHUNK },
    backend: BackendSchema.parse(options.backend),
    output: { url: `${store.url}/${output}`, pyramid: "none" },
    // An environment of its own keeps the job in this process.
    environment: world.environment,
  });
  const { user, system } = process.cpuUsage(before);
  return { ...result, took: (performance.now() - started) / 1000, busy: (user + system) / 1e6 };
}
