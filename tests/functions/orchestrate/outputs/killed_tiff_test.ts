/** A TIFF whose process dies before or after any of its writes is completed by the same command, and is never seen before it is whole. */
import { assert, assertEquals } from "@std/assert";
import type { JobRequestInput } from "shared/contract/job_request.ts";
import { isClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { readWhole } from "../../../fixtures/read_whole.ts";
import { openImage, openStore } from "../../../stores.ts";
import { slowTest } from "../../../test_unless.ts";
import { Mortal } from "./faulty_world.ts";
import { runSmall, smallRequest, writeInputs } from "./small_job.ts";

/** What is there when the job begins, and how it is asked for. */
const CASES: readonly {
  readonly what: string;
  readonly ifExists: JobRequestInput["output"]["ifExists"];
  /** Change before which the process of the earlier job, of another plan, has died. */
  readonly earlier?: number;
}[] = [
  { what: "begins", ifExists: "fail" },
  { what: "overwrites a finished TIFF", ifExists: "overwrite", earlier: Infinity },
  { what: "overwrites an unfinished TIFF", ifExists: "overwrite", earlier: 9 },
];

/** Voxels of the TIFF of a place; undefined where there is none. */
async function voxelsAt(url: string): Promise<Float32Array | undefined> {
  try {
    return await readWhole(await openImage({ url }));
  } catch (error) {
    if (isClearstackError(error, "not-found")) return undefined;
    throw error;
  }
}

async function checkCase({ ifExists, earlier }: typeof CASES[number], freshFolder: () => string): Promise<void> {
  const inputs = memoryUrl();
  await writeInputs(inputs);
  const expected: Float32Array[] = [];
  for (const iterations of [1, 2]) {
    await runSmall(smallRequest(inputs, iterations, { url: `${inputs}/undisturbed-${iterations}` }));
    expected.push(await readWhole(await openImage({ url: `${inputs}/undisturbed-${iterations}`, path: "0" })));
  }
  for (const moment of ["dieBefore", "dieAfter"] as const) {
    for (let change = 1;; change++) {
      const folder = freshFolder();
      const url = `${folder}/out.tif`;
      const request = smallRequest(inputs, 1, { url, ifExists });
      if (earlier !== undefined) {
        const world = new Mortal().world({ dieBefore: earlier });
        await runSmall(smallRequest(inputs, 2, { url }), world).catch(() => {});
      }
      const mortal = new Mortal();
      await runSmall(request, mortal.world({ [moment]: change })).catch(() => {});
      const seen = await voxelsAt(url);
      const isWhole = seen === undefined || expected.some((values) => values.every((value, i) => value === seen[i]));
      assert(isWhole, `${moment} ${change}: a part of a TIFF was seen`);
      const again = await runSmall(request).catch((error) => {
        // Of a command that had done all when it died, if it did.
        assert(seen && error.message.includes("already complete"), `${moment} ${change}: ${error}`);
      });
      assertEquals(again?.output ?? url, url);
      assertEquals(await voxelsAt(url), expected[0], `${moment} ${change}`);
      assertEquals(await Array.fromAsync(openStore(folder).listNames("")), ["out.tif"], `${moment} ${change}`);
      if (mortal.dead) continue;
      assert(change > 15, `${change} changes`);
      break;
    }
  }
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
  await checkCase(CASES[0]!, () => `${folder}/${++outputs}`);
  await Deno.remove(folder, { recursive: true });
});
