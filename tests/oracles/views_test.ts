/** Views read by zarr-python, GDAL and the script for napari over a socket, against a job of the same tiles, both with the real kernels. */
import { assertEquals } from "@std/assert";
import { pythonTest } from "../fixtures/python.ts";
import { startService } from "functions/library/start_service.ts";
import { readWhole } from "../fixtures/read_whole.ts";
import { patternedVoxels, writePsf, writeZarr } from "../functions/sample_image.ts";
import { openImage } from "../stores.ts";
import { clearstack } from "./clearstack.ts";
import { readRaw, runOracle, runScript, suiteTest } from "./oracle.ts";

const SHAPE = [20, 300, 280] as const;
const TILE = [10, 150, 140] as const;

/** Reads a view by an oracle and compares it with a job. */
async function compare(
  version: "0.5" | "0.4",
  read: (...args: readonly string[]) => Promise<string>,
  script = "read_served.py",
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-oracle-" });
  const [image, psf] = [`${folder}/image.zarr`, `${folder}/psf.zarr`];
  await writeZarr(image, { shape: SHAPE, chunk: [10, 128, 128], values: patternedVoxels(SHAPE) });
  await writePsf(psf);
  const service = await startService({
    config: { hostBytes: 2 ** 30, deviceBytes: 2 ** 30 },
    environment: { env: () => undefined },
    allowedUrls: "any",
    log: () => {},
  });
  try {
    const made = await fetch(`${service.url}/v1/views`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        source: { url: image },
        psf: { url: psf },
        algorithm: { iterations: 2 },
        tiling: { tile: TILE },
        backend: "cpu",
      }),
    });
    const { urls } = await made.json();
    const found = JSON.parse(await read(script, urls[version], `${folder}/values.raw`));
    assertEquals([found.shape, found.dtype, found.chunks, found.arrays], [[...SHAPE], "float32", [...TILE], [
      "0",
      "1",
    ]]);
    await clearstack(
      ...["deconvolve", image, `${folder}/job.zarr`, "--psf", psf, "--iterations", "2", "--backend", "cpu"],
      ...["--tile", TILE.join(), "--quiet"],
    );
    assertEquals(
      await readRaw(`${folder}/values.raw`),
      await readWhole(await openImage({ url: `${folder}/job.zarr` })),
    );
  } finally {
    await service.close();
    await Deno.remove(folder, { recursive: true });
  }
}

pythonTest({
  name: "zarr-python 2 reads a view as OME-Zarr 0.4 over HTTP, bit for bit what a job of the same tiles writes",
  fn: () => compare("0.4", runOracle),
}, ["zarr"]);

suiteTest(
  "trixie",
  "zarr-python 3 reads a view as OME-Zarr 0.5 over HTTP, bit for bit what a job of the same tiles writes",
  (python) => compare("0.5", (script, ...args) => runScript(python, script, ...args)),
);

for (const version of ["0.5", "0.4"] as const) {
  for (
    const [reader, script] of [["GDAL", "read_served_gdal.py"], ["the script for napari", "read_served_napari.py"]]
  ) {
    suiteTest(
      "forky",
      `${reader} reads a view as OME-Zarr ${version} over HTTP, bit for bit what a job of the same tiles writes`,
      (python) => compare(version, (script, ...args) => runScript(python, script, ...args), script),
    );
  }
}
