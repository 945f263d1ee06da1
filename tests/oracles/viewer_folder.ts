/** Viewers of other projects, which a script of infra/oracles unpacks or builds. */
import { ORACLES_REQUIRED } from "../fixtures/python.ts";
import { LEFT_TO_ALL } from "../test_unless.ts";

/** A viewer, or why its tests are skipped. */
interface ViewerFolder {
  readonly folder: string | undefined;
  readonly missing: string | undefined;
}

/** Finds the folder that a script prints. It is made where oracles are required. */
export function viewerFolder(script: string): ViewerFolder {
  if (LEFT_TO_ALL !== undefined) return { folder: undefined, missing: LEFT_TO_ALL };
  const path = decodeURIComponent(new URL(`../../infra/oracles/${script}`, import.meta.url).pathname);
  const args = [path, ...(ORACLES_REQUIRED ? [] : ["--find"])];
  const { success, stdout, stderr } = new Deno.Command("bash", { args, env: { DENO: Deno.execPath() } }).outputSync();
  if (success) return { folder: new TextDecoder().decode(stdout).trim(), missing: undefined };
  if (ORACLES_REQUIRED) throw new Error(`${script} failed: ${new TextDecoder().decode(stderr)}`);
  return { folder: undefined, missing: `infra/oracles/${script} was not run` };
}
