import { assertEquals, assertThrows } from "@std/assert";
import { checkLiveJobs, checkQuotas } from "shared/plan/check_quotas.ts";
import { ClearstackError } from "shared/errors.ts";

const needs = { voxels: 1_000_000, tiles: 10, bytesRead: 3 * 2 ** 30, bytesWritten: 2 ** 30, gpuSeconds: 61.2 };

Deno.test("what just fits is accepted, and no quota is no limit", () => {
  checkQuotas(needs, {});
  checkQuotas(needs, { voxels: 1_000_000, tiles: 10, bytes: 4 * 2 ** 30, gpuSeconds: 61.2 });
  const { gpuSeconds: _, ...unknown } = needs;
  checkQuotas(unknown, { gpuSeconds: 1 });
});

for (
  const [quotas, words] of [
    [{ voxels: 999_999 }, "needs 1,000,000 and your quota is 999,999"],
    [{ tiles: 9 }, "needs 10 and your quota is 9"],
    [{ bytes: 4 * 2 ** 30 - 1 }, "needs 4.00 GiB"],
    [{ gpuSeconds: 60 }, "needs 62 s and your quota is 60 s"],
  ] as const
) {
  Deno.test(`a plan beyond ${JSON.stringify(quotas)} is refused with need and limit`, () => {
    const error = assertThrows(() => checkQuotas(needs, quotas), ClearstackError, words);
    assertEquals([error.kind, error.status], ["over-quota", 403]);
  });
}

Deno.test("one more live job than the quota is too many", () => {
  checkLiveJobs({ live: 4, more: 1 }, { liveJobs: 5 });
  checkLiveJobs({ live: 2, more: 3 }, { liveJobs: 5 });
  checkLiveJobs({ live: 4000, more: 1 }, {});
  const error = assertThrows(
    () => checkLiveJobs({ live: 5, more: 1 }, { liveJobs: 5 }),
    ClearstackError,
    "5 of your jobs",
  );
  assertEquals([error.kind, error.status], ["too-many", 429]);
});
