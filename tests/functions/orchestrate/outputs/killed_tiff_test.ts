/** A TIFF whose process dies before or after any of its writes is completed by the same command, and is never seen before it is whole. */
import { assert, assertEquals } from "@std/assert";
import { isClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { readWhole } from "../../../fixtures/read_whole.ts";
import { openImage, openStore } from "../../../stores.ts";
import { slowTest } from "../../../test_unless.ts";
import { type DeathCase, deathCases, eachDeath } from "./each_death.ts";
import { runSmall, smallRequest, writeInputs } from "./small_job.ts";

const CASES = deathCases("TIFF");

/** Voxels of the TIFF of a place; undefined where there is none. */
async function voxelsAt(url: string): Promise<Float32Array | undefined> {
  try {
    return await readWhole(await openImage({ url }));
  } catch (error) {
    if (isClearstackError(error, "not-found")) return undefined;
    throw error;
  }
}

async function checkCase(one: DeathCase, freshFolder: () => string): Promise<void> {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected: Float32Array[] = [];
  for (const iterations of [1, 2]) {
    await runSmall(smallRequest(inputs, iterations, { url: `${inputs}/undisturbed-${iterations}` }));
    expected.push(await readWhole(await openImage({ url: `${inputs}/undisturbed-${iterations}`, path: "0" })));
  }
  const freshUrl = () => `${freshFolder()}/out.tif`;
  await eachDeath(inputs, { ...one, freshUrl }, async ({ request, when }) => {
    const { url } = request.output;
    const seen = await voxelsAt(url);
    const isWhole = seen === undefined || expected.some((values) => values.every((value, i) => value === seen[i]));
    assert(isWhole, `${when}: a part of a TIFF was seen`);
    const again = await runSmall(request).catch((error) => {
      // Of a command that had done all when it died, if it did.
      assert(seen && error.message.includes("already complete"), `${when}: ${error}`);
    });
    assertEquals(again?.output ?? url, url);
    assertEquals(await voxelsAt(url), expected[0], when);
    const folder = url.slice(0, url.lastIndexOf("/"));
    assertEquals(await Array.fromAsync(openStore(folder).listNames("")), ["out.tif"], when);
  });
}

for (const [index, one] of CASES.entries()) {
  const register = index === 0 ? Deno.test : slowTest;
  register(`a TIFF whose job ${one.what} is completed by the same command, whenever its process died`, async () => {
    await checkCase(one, memoryUrl);
  });
}

slowTest("the same holds for files", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-killed-" });
  let outputs = 0;
  await checkCase(CASES[0], () => `${folder}/${++outputs}`);
  await Deno.remove(folder, { recursive: true });
});
