/** A service as `clearstack serve` starts it, over a folder with an image and PSFs, for tests of its start page. */
import type { Page } from "playwright-core";
import type { Auth } from "functions/api/auth/auth.ts";
import { type Service, startService } from "functions/library/start_service.ts";
import { writeZarr } from "../../../sample_image.ts";
import { writeImage } from "../written_image.ts";

/** Shape of the image, z, y, x: its coarser level has several chunks too. */
const SHAPE = [8, 80, 100] as const;

/** A name that would be a part of the page if it were not shown as text. */
export const HOSTILE_NAME = `<img src=x onerror="document.title='run'">${"long".repeat(60)}`;

/** Writes `cells.zarr`, whose metadata state no optics, `psf.zarr`, and `off.zarr`, a PSF whose peak is far off its centre. */
export async function writeInputs(folder: string): Promise<void> {
  const [z, y, x] = SHAPE;
  await writeImage(folder, {
    name: "cells.zarr",
    shape: [1, 2, z, y, x],
    format: 3,
    dtype: "uint16",
    value: (_t, c, z, y, x) =>
      100 + Math.round(900 * Math.exp(-((z - 4) ** 2 + (y - 20) ** 2 / 9 + (x - 20 - 8 * c) ** 2 / 9))),
    attributes: { omero: { channels: [{ label: "DNA", color: "00FF00" }, { label: HOSTILE_NAME, color: "FF0080" }] } },
  });
  for (const [name, centre] of [["psf", 4], ["off", 1]] as const) {
    const values = Array.from({ length: 5 * 9 * 9 }, (_, index) => {
      const [z, y, x] = [Math.floor(index / 81) - 2, Math.floor(index / 9) % 9 - centre, index % 9 - centre];
      return Math.exp(-(z * z + y * y + x * x) / 3);
    });
    await writeZarr(`${folder}/${name}.zarr`, {
      shape: [5, 9, 9],
      chunk: [5, 9, 9],
      values: Float32Array.from(values),
    });
  }
}

/** Writes a source of several images, as conversions of files of several series are. */
export async function writeSeries(folder: string, names: readonly string[]): Promise<void> {
  const group = { zarr_format: 3, node_type: "group" };
  const value = (_t: number, _c: number, z: number, y: number, x: number) => 1 + z + y + x;
  for (const name of names) {
    await writeImage(folder, { name, shape: [1, 1, 4, 16, 16], format: 3, dtype: "uint16", value });
  }
  const write = (path: string, attributes: unknown) =>
    Deno.writeTextFile(`${folder}/${path}zarr.json`, JSON.stringify({ ...group, attributes }));
  await Deno.mkdir(`${folder}/OME`);
  await write("", { "bioformats2raw.layout": 3 });
  await write("OME/", { ome: { series: names } });
}

/** Starts the service. Jobs are kept in a folder, so that another one goes on with them. */
export function serveFolder(folder: string, { port = 0, auth }: { port?: number; auth?: Auth } = {}): Promise<Service> {
  return startService({
    config: { hostBytes: 2 ** 30, deviceBytes: 2 ** 30 },
    environment: { env: () => undefined },
    jobs: `${folder}/jobs`,
    allowedUrls: "any",
    port,
    auth,
    log: () => {},
  });
}

/** A text field by its label, to the letter. */
export function textField(page: Page, label: string) {
  return page.getByRole("textbox", { name: label, exact: true });
}

/** Fills in a job over the folder, with a PSF by its name. */
export async function fillJob(page: Page, folder: string, { psf = "psf", output = "out" } = {}): Promise<void> {
  await textField(page, "Image to deconvolve").fill(`${folder}/cells.zarr`);
  await page.getByRole("radio", { name: "A measured one" }).check();
  await textField(page, "PSF to use").fill(`${folder}/${psf}.zarr`);
  await textField(page, "Iterations").fill("2");
  await textField(page, "Output to write").fill(`${folder}/${output}.ome.zarr`);
}
