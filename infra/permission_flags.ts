/**
 * Prints the flags of Deno with which a function may read and write the folders that its environment names, and no others. They
 * take the place of what its permission set in deno.json says of files:
 *
 *     deno run -P=deconvolve --no-prompt $(deno run -A infra/permission_flags.ts deconvolve) functions/deconvolve/main.ts
 */
import { readAllowedPlaces } from "shared/storage/guard/allowed_places.ts";
import { filePath, schemeOf } from "shared/storage/url.ts";
import { CHECKOUT, DATA, SECRETS, STATE } from "./deno_config.ts";

type Env = (name: string) => string | undefined;

/** Variables that name a file or folder by themselves. */
const CREDENTIALS = [
  ...["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AZURE_FEDERATED_TOKEN_FILE"],
  ...["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"],
];

/** Where tools that log in keep what they got, below the home folder. */
const LOGINS = [".aws", ".config/gcloud"];

const CODE = CHECKOUT.code.map((folder) => new URL(`../${folder}`, import.meta.url).href);

/**
 * The flags of a function.
 *
 * @param code URLs or paths of the folders that its threads are started from. @default {those of the checkout}
 * @throws {Error} for a path that flags cannot hold
 */
export function permissionFlags(name: string, env: Env, code: readonly string[] = CODE): string[] {
  const { sources, outputs } = readAllowedPlaces(env);
  const named = (...variables: string[]) => variables.flatMap((variable) => env(variable) ?? []);
  const [inputs, results] = [sources, outputs].map((list) => list.length === 0 ? [DATA] : list) as [string[], string[]];
  const [home] = named("HOME", "USERPROFILE");
  const own = [
    ...code,
    ...SECRETS,
    ...named(...CREDENTIALS),
    ...(home === undefined ? [] : LOGINS.map((folder) => `${home}/${folder}`)),
  ];
  const uses: Readonly<Record<string, { readonly read: readonly string[]; readonly write: readonly string[] }>> = {
    api: {
      read: named("CLEARSTACK_KEYS", "CLEARSTACK_EVENT_RULES").filter((setting) =>
        !setting.trimStart().startsWith("{")
      ),
      write: [STATE, ...named("CLEARSTACK_EVENT_INBOX")],
    },
    orchestrate: { read: inputs, write: [...results, STATE, ...named("CLEARSTACK_JOBS")] },
    deconvolve: { read: inputs, write: results },
    pyramid: { read: [], write: results },
    view: { read: [...inputs, ...results], write: [STATE, ...named("CLEARSTACK_VIEW_CACHE")] },
  };
  const use = uses[name];
  if (use === undefined) throw new Error(`"${name}" is no function: expected ${Object.keys(uses).join(", ")}`);
  return [flag("read", [...own, ...use.read, ...use.write]), flag("write", use.write)];
}

/** The flag for what of the places are files. */
function flag(kind: "read" | "write", places: readonly string[]): string {
  const files = places.filter((place) => schemeOf(place) === "file");
  if (files.includes("file://")) return `--allow-${kind}`;
  const paths = [...new Set(files.map(filePath))].sort();
  const odd = paths.find((path) => /[\s,]/.test(path));
  if (odd !== undefined) {
    throw new Error(`a flag cannot hold ${JSON.stringify(odd)}: give a path without spaces and commas`);
  }
  return paths.length === 0 ? `--deny-${kind}` : `--allow-${kind}=${paths.join(",")}`;
}

if (import.meta.main) console.log(permissionFlags(Deno.args[0] ?? "", (name) => Deno.env.get(name)).join(" "));
