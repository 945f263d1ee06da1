/** `clearstack psf`: point spread functions, computed, measured, mended and looked at. */
import { taskNamed } from "../../flags/argument_values.ts";
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
  return await (await taskNamed("psf", args[0], TASKS)())(args.slice(1), io);
}
