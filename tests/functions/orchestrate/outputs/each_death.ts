/** A small job whose process dies before or after each of its changes of the output, in turn. */
import { assert } from "@std/assert";
import type { JobRequest, JobRequestInput } from "shared/contract/job_request.ts";
import { Mortal } from "./faulty_world.ts";
import { runSmall, smallRequest } from "./small_job.ts";

/** What is there when the job begins, and how it is asked for. */
export interface DeathCase {
  readonly what: string;
  readonly ifExists: JobRequestInput["output"]["ifExists"];
  /** Change before which the process of the earlier job, of another plan, has died. */
  readonly earlier?: number;
}

/** @param output what the job makes, in a word */
export function deathCases(output: string): readonly [DeathCase, ...DeathCase[]] {
  return [
    { what: "begins", ifExists: "fail" },
    { what: `overwrites a finished ${output}`, ifExists: "overwrite", earlier: Infinity },
    { what: `overwrites an unfinished ${output}`, ifExists: "overwrite", earlier: 9 },
  ];
}

/** A process that has died, or that had no change left to die at. */
interface Death {
  readonly request: JobRequest;
  /** False where the process ended by itself. */
  readonly dead: boolean;
  readonly moment: "dieBefore" | "dieAfter";
  /** Moment and number of the change, for messages. */
  readonly when: string;
}

/** Has the job begin anew for each of its deaths, and hands each to `look`. */
export async function eachDeath(
  inputs: string,
  { ifExists, earlier, freshUrl }: DeathCase & { readonly freshUrl: () => string },
  look: (death: Death) => Promise<void>,
): Promise<void> {
  for (const moment of ["dieBefore", "dieAfter"] as const) {
    for (let change = 1;; change++) {
      const url = freshUrl();
      const request = smallRequest(inputs, 1, { url, ifExists });
      if (earlier !== undefined) {
        const world = new Mortal().world({ dieBefore: earlier });
        await runSmall(smallRequest(inputs, 2, { url }), world).catch(() => {});
      }
      const mortal = new Mortal();
      await runSmall(request, mortal.world({ [moment]: change })).catch(() => {});
      await look({ request, dead: mortal.dead, moment, when: `${moment} ${change}` });
      if (mortal.dead) continue;
      assert(change > 15, `${change} changes`);
      break;
    }
  }
}
