/** `clearstack psf`: point spread functions, computed, measured, mended and looked at. */
import { ClearstackError } from "shared/errors.ts";
import type { Command, Io } from "../../io.ts";

/** Subcommands, each loaded when it is asked for. */
const TASKS: Readonly<Record<string, () => Promise<Command>>> = {
  generate: async () => (await import("./psf_generate.ts")).generateCommand,
  inspect: async () => (await import("./psf_inspect.ts")).inspectCommand,
  resample: async () => (await import("./psf_repair.ts")).resampleCommand,
  average: async () => (await import("./psf_repair.ts")).averageCommand,
  "from-beads": async () => (await import("./psf_from_beads.ts")).fromBeadsCommand,
  crop: async () => (await import("./psf_cut.ts")).cropCommand,
  plane: async () => (await import("./psf_cut.ts")).planeCommand,
};

export async function psfCommand(args: readonly string[], io: Io): Promise<number> {
  const [task, ...rest] = args;
  if (task === undefined || !Object.hasOwn(TASKS, task)) {
    const known = Object.keys(TASKS).join(", ");
    const found = task === undefined ? "psf lacks its task" : `psf "${task}" is no task`;
    throw new ClearstackError("invalid-request", `${found}: expected one of ${known}`);
  }
  return await (await TASKS[task]!())(rest, io);
}
