/** Files that are dropped onto the page, or chosen: opened, deconvolved and saved by the browser alone. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { zipSync } from "fflate";
import type { Page } from "playwright-core";
import { deconvolve, openImage, readBox } from "@clearstack/clearstack";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { buildPage } from "../../../../../infra/page/build_page.ts";
import { browserTest, HAS_BROWSER } from "../../../../browser.ts";
import { seriousFaults, tabbedControls } from "../for_everybody.ts";
import { drawn } from "../served_page.ts";
import { writeImage } from "../written_image.ts";

const SHAPE: Vec3 = [7, 30, 44];
const values = Float32Array.from({ length: voxelCount(SHAPE) }, (_, i) => 20 + (i % 89 === 0 ? 900 : (i * 31) % 7));
const PSF = { shape: [3, 3, 3] as const, values: Float32Array.from({ length: 27 }, (_, i) => 1 + (i * 5) % 7) };

const folder = HAS_BROWSER ? await Deno.makeTempDir({ prefix: "clearstack-files-" }) : "";
if (HAS_BROWSER) globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const requests: string[] = [];
const origin = HAS_BROWSER ? await prepare() : "";

/** Files to drop, and the page as files behind a web server that knows nothing. */
async function prepare(): Promise<string> {
  await buildPage(`${folder}/site`);
  await Deno.writeFile(`${folder}/image.tif`, encodeTiff({ shape: SHAPE, values, spacingMicrometre: [0.3, 0.1, 0.1] }));
  await Deno.writeFile(`${folder}/psf.tif`, encodeTiff({ ...PSF, spacingMicrometre: [0.3, 0.1, 0.1] }));
  await Deno.writeFile(`${folder}/bare.tif`, encodeTiff({ shape: SHAPE, values }));
  await Deno.writeFile(`${folder}/cut.tif`, (await Deno.readFile(`${folder}/image.tif`)).subarray(0, 3000));
  await Deno.writeTextFile(`${folder}/notes.txt`, "these are no voxels");
  await writeImage(folder, {
    ...{ name: "image.zarr", shape: [1, 1, 7, 30, 44], format: 3, dtype: "float32" },
    value: (_t, _c, z, y, x) => values[(z * SHAPE[1] + y) * SHAPE[2] + x] ?? 0,
  });
  await Deno.writeFile(`${folder}/image.zarr.zip`, zipSync(await filesBelow(`${folder}/image.zarr`)));
  const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url, method }) => {
    const { pathname } = new URL(url);
    requests.push(`${method} ${pathname}`);
    const path = pathname === "/" ? "/index.html" : pathname;
    const type = path.endsWith(".js")
      ? "text/javascript"
      : path.endsWith(".css")
      ? "text/css"
      : path.endsWith(".svg")
      ? "image/svg+xml"
      : "text/html";
    try {
      return new Response(await Deno.readFile(`${folder}/site${path}`), { headers: { "content-type": type } });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
  return `http://127.0.0.1:${addr.port}`;
}

async function filesBelow(root: string, at = ""): Promise<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${at}`)) {
    const key = at === "" ? name : `${at}/${name}`;
    if (isDirectory) Object.assign(found, await filesBelow(root, key));
    else found[key] = await Deno.readFile(`${root}/${key}`);
  }
  return found;
}

/** Drops files onto the page as a visitor would. */
async function drop(page: Page, ...names: readonly string[]): Promise<void> {
  const files = await Promise.all(
    names.map(async (name) => ({ name, base64: (await Deno.readFile(`${folder}/${name}`)).toBase64() })),
  );
  // Of a program that runs in the page, the types are those of browsers.
  await page.evaluate(`(() => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of ${JSON.stringify(files)}) {
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    for (const type of ["dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
  })()`);
}

const panel = (page: Page) => page.getByRole("region", { name: "Deconvolve here" });

/** Deconvolves all of the image with the PSF that is chosen, saves it, and reads it. */
async function deconvolved(page: Page) {
  await page.getByRole("radio", { name: "File" }).check({ force: true });
  await page.getByLabel("TIFF or zipped Zarr").setInputFiles(`${folder}/psf.tif`);
  await panel(page).getByText("psf.tif", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Whole volume" }).click();
  await panel(page).locator(".done").waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as OME-TIFF" }).click();
  const saved = await download;
  const path = `${folder}/${crypto.randomUUID()}.ome.tif`;
  await saved.saveAs(path);
  const image = await openImage({ url: path });
  const { values } = await readBox(image, {
    outer: image.info.shape.slice(0, -3).map(() => 0),
    box: { start: [0, 0, 0], shape: SHAPE },
    boundary: "constant",
  });
  return { values, info: image.info, name: saved.suggestedFilename() };
}

const expected = HAS_BROWSER
  ? await deconvolve(`${folder}/image.tif`, `${folder}/psf.tif`, { tiling: { tile: SHAPE }, backend: "cpu" })
  : undefined;

/** In peaks of what the library makes of the same file. */
function difference(values: Float32Array): number {
  const { data } = expected!;
  const peak = data.reduce((most, one) => Math.max(most, one), 0);
  return data.reduce((most, one, index) => Math.max(most, Math.abs(one - values[index]!)), 0) / peak;
}

/** What is promised. */
const TOLERANCE = 1e-4;

for (const name of ["image.tif", "image.zarr.zip"]) {
  browserTest(`${name} that is dropped is deconvolved as the library does it, and nothing is sent`, async (page) => {
    await page.goto(origin);
    const sent: string[] = [];
    await page.getByRole("heading", { name: "Deconvolve in your browser" }).waitFor();
    requests.length = 0;
    page.on("request", (request) => sent.push(request.url()));
    await drop(page, name);
    await page.locator("canvas").waitFor();
    await drawn(page);
    const { values, info, name: saved } = await deconvolved(page);
    assertLess(difference(values), TOLERANCE);
    assertEquals(saved, "image-deconvolved.ome.tif");
    assertEquals(info.scale.slice(-3).map((side) => Number(side.toFixed(6))), [0.3, 0.1, 0.1]);
    // Scripts of the page are loaded as they are needed; that is all.
    const others = sent.filter((url) => !url.startsWith(`${origin}/page/`) && !url.startsWith("blob:"));
    assertEquals(others, []);
    assertEquals(requests.filter((one) => !one.startsWith("GET /page/")), []);
  });
}

browserTest("pages say what they are where scripts are off, and where a script does not come", async (page) => {
  const context = await page.context().browser()!.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  for (const [path, what] of [["/", "shows image volumes"], ["/start.html", "starts jobs"]] as const) {
    await plain.goto(origin + path);
    for (const words of [what, "If nothing else appears"]) await plain.getByText(words).waitFor();
    // What is in a noscript, no search for texts finds.
    await plain.locator("noscript p", { hasText: "JavaScript is off" }).waitFor();
  }
  await context.close();
  await page.route("**/page/page.js", (route) => route.abort());
  await page.goto(origin);
  await page.getByText("its script cannot run here").waitFor();
  assertEquals(await page.locator("noscript p").count(), 0);
  await page.unroute("**/page/page.js");
  await page.reload();
  await page.getByRole("heading", { name: "Deconvolve in your browser" }).waitFor();
  assertEquals(await page.getByText("If nothing else appears").count(), 0);
}, { expected: /ERR_FAILED/ });

browserTest("files that were dropped are there for the next Worker, where the first one ended", async (page) => {
  // Kept to be ended from outside, as a browser does that lacks memory.
  await page.addInitScript(`(() => {
    const Plain = Worker;
    globalThis.started = [];
    globalThis.Worker = class extends Plain {
      constructor(url, options) {
        super(url, options);
        if (options?.name === "preview") globalThis.started.push(this);
      }
    };
  })()`);
  await page.goto(origin);
  await drop(page, "image.tif");
  await page.locator("canvas").waitFor();
  await drawn(page);
  assertLess(difference((await deconvolved(page)).values), TOLERANCE);
  await page.evaluate(`started[0].dispatchEvent(new ErrorEvent("error", { message: "out of memory" }))`);
  await page.getByRole("button", { name: "Remove" }).click();
  assertLess(difference((await deconvolved(page)).values), TOLERANCE);
  assertEquals(await page.evaluate("started.length"), 2);
});

browserTest("a file is chosen by keys alone, in the first place and in place of another", async (page) => {
  await page.goto(origin);
  await page.getByLabel("File", { exact: true }).setInputFiles(`${folder}/image.tif`);
  await page.locator("canvas").waitFor();
  assertEquals(await seriousFaults(page), []);
  const { controls, reached } = await tabbedControls(page);
  assertEquals(reached, controls);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open a file" }).focus();
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(`${folder}/image.zarr.zip`);
  await page.locator(".top .name").getByText("image.zarr").waitFor();
});

browserTest("the folder of an OME-Zarr is opened as it lies", async (page) => {
  await page.goto(origin);
  await page.getByLabel("File", { exact: true }).waitFor();
  const files = Object.entries(await filesBelow(`${folder}/image.zarr`))
    .map(([key, bytes]) => ({ path: `my image.zarr/${key}`, base64: bytes.toBase64() }));
  // A program makes no folders, but files that say which folder they are of, as a field for folders gives them.
  await page.evaluate(`(() => {
    DataTransferItem.prototype.webkitGetAsEntry = () => null;
    const transfer = new DataTransfer();
    transfer.items.add(new File([], "folder"));
    // Copies of the files are handed out, which know nothing of their folders.
    Object.defineProperty(transfer, "files", { value: ${JSON.stringify(files)}.map(({ path, base64 }) => {
      const file = new File([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], path.split("/").at(-1));
      Object.defineProperty(file, "webkitRelativePath", { value: path });
      return file;
    }) });
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  })()`);
  await page.locator("canvas").waitFor();
  await drawn(page);
  const { values } = await deconvolved(page);
  assertLess(difference(values), TOLERANCE);
});

browserTest("an image without a voxel size asks for it before optics make a PSF", async (page) => {
  await page.goto(origin);
  await drop(page, "bare.tif");
  for (
    const [label, text] of [["Numerical aperture", "0.7"], ["Immersion index", "1"], ["Emission, nm", "525"]] as const
  ) {
    await page.getByLabel(label).fill(text);
  }
  await page.getByRole("button", { name: "Deconvolve the view" }).click();
  await panel(page).getByRole("alert").getByText("does not state its voxel size").waitFor();
  await page.getByLabel("Voxel y, x, µm").fill("0.25");
  await page.getByLabel("Voxel z, µm").fill("0.8");
  await panel(page).locator(".done").waitFor();
  assertStringIncludes(await panel(page).locator(".done").innerText(), "voxels of 0.8,0.25,0.25 µm");
});

/** Files that are no image, with what is said. */
const UNREADABLE: readonly (readonly [file: string, said: RegExp])[] = [
  ["notes.txt", /notes\.txt.*neither a Zarr.*nor a TIFF.*Choose a TIFF/s],
  ["cut.tif", /cut\.tif.*(damaged or cut short|Choose a TIFF)/s],
];

for (const [file, said] of UNREADABLE) {
  browserTest(`a file that cannot be read is told in words: ${file}`, async (page) => {
    await page.goto(origin);
    await drop(page, file);
    const notice = page.locator(".notice").first();
    await notice.waitFor();
    assertMatch(await notice.innerText(), said);
    assert(!(await notice.innerText()).includes("memory:"));
  });
}
