/** A function as a process of its own, started the way it is deployed: with its permissions, keys and tokens, and no more. */

import { permissionFlags } from "../../infra/permission_flags.ts";

const ROOT = new URL("../../", import.meta.url);

/** How a function is started. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Name of its permission set. @default {the function's own} */
  readonly permissions?: string;
  /** Further flags of Deno. */
  readonly flags?: readonly string[];
  /** Folder of a bundle to start it from. @default {the checkout} */
  readonly bundle?: string | undefined;
}

/** A running function. */
export interface ServedFunction {
  readonly url: string;
  /** Ends the process; returns everything that it wrote on standard error. */
  stop(): Promise<string>;
}

/** Starts the main.ts of a function on a free port. */
export async function startFunction(
  name: string,
  { env = {}, permissions = name, flags = [], bundle }: StartOptions = {},
): Promise<ServedFunction> {
  // As its task does.
  const files = permissions === name
    ? permissionFlags(name, (variable) => env[variable] ?? Deno.env.get(variable), bundle ? [`${bundle}/`] : undefined)
    : [];
  const main = bundle ? `${name}.js` : `functions/${name}/main.ts`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", `-P=${permissions}`, "--no-prompt", "--no-check", ...files, ...flags, main],
    cwd: bundle ?? ROOT,
    env: { PORT: "0", ...env },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  const listening = (async () => {
    for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      const url = /Listening on (http:\S+?)\/?\s/.exec(said)?.[1];
      if (url) resolve(url.replace("0.0.0.0", "127.0.0.1"));
    }
    reject(new Error(`${name} ended before it listened: ${said}`));
  })();
  return {
    url: await promise,
    stop: async () => {
      process.kill("SIGTERM");
      await listening;
      await process.status;
      return said;
    },
  };
}
