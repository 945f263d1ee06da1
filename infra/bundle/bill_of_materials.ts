/** The software bill of materials, CycloneDX 1.6 as JSON, made of deno.lock: the same lock gives the same bytes. */
import { isSupportedSpdxId } from "@cyclonedx/cyclonedx-library/SPDX";
import { fromFileUrl, join } from "@std/path";
import { VERSION } from "shared/version.ts";

const LOCK = fromFileUrl(new URL("../../deno.lock", import.meta.url));

/** The part of deno.lock that is read: packages by `name@version`, followed by the versions of their peers. */
interface Lock {
  readonly npm: Readonly<
    Record<string, {
      readonly integrity: string;
      /** Names; with their versions where the lock holds several. */
      readonly dependencies?: readonly string[];
      readonly optionalDependencies?: readonly string[];
    }>
  >;
}

/** A licence by its SPDX identifier, by the name that the package gives it, or by an expression of several. */
type License =
  | { readonly license: { readonly id: string } | { readonly name: string } }
  | { readonly expression: string };

/** A package of the bill. */
interface Component {
  readonly type: "library";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  /** `required` if code of it is in the files, `excluded` if it only builds or tests them. */
  readonly scope: "required" | "excluded";
  readonly hashes: readonly [{ readonly alg: "SHA-512"; readonly content: string }];
  readonly licenses?: readonly [License];
  readonly purl: string;
}

/** What the bill is made of besides the lock. */
interface BillOptions {
  /** Packages with code in what is shipped, each as `name@version`. */
  readonly shipped: ReadonlySet<string>;
  /** Folder whose `node_modules` has the packages, as installPackages lays them out; what it lacks is listed without licence. */
  readonly packages: string;
}

/** Makes the bill; the Deno that runs this is listed as the one to run with. */
export async function billOfMaterials({ shipped, packages }: BillOptions) {
  const lock: Lock = JSON.parse(await Deno.readTextFile(LOCK));
  const keys = Object.keys(lock.npm);
  const components: Component[] = [];
  for (const key of keys) components.push(await component(key, lock.npm[key]!.integrity, { shipped, packages }));
  const refOf = (name: string) => {
    const key = keys.find((key) => key === name || key.startsWith(`${name}@`) || key.startsWith(`${name}_`));
    if (key === undefined) throw new Error(`deno.lock names ${name} but does not list it`);
    return purl(key);
  };
  const own = `pkg:npm/clearstack@${VERSION}`;
  const deno = Deno.version.deno;
  const runtime = {
    type: "platform",
    "bom-ref": `pkg:npm/deno@${deno}`,
    name: "deno",
    version: deno,
    scope: "required",
    licenses: [{ license: { id: "MIT" } }],
    purl: `pkg:npm/deno@${deno}`,
  } as const;
  const required = components.filter(({ scope }) => scope === "required").map(({ purl }) => purl);
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": own,
        name: "clearstack",
        version: VERSION,
        licenses: [{ license: { id: "Apache-2.0" } }],
        purl: own,
      },
    },
    components: [runtime, ...components],
    dependencies: [
      { ref: own, dependsOn: [runtime.purl, ...required] },
      ...keys.map((key) => {
        const { dependencies = [], optionalDependencies = [] } = lock.npm[key]!;
        return { ref: purl(key), dependsOn: [...new Set([...dependencies, ...optionalDependencies].map(refOf))] };
      }),
    ],
  } as const;
}

async function component(key: string, integrity: string, { shipped, packages }: BillOptions): Promise<Component> {
  const { group, name, version, full } = parseKey(key);
  const [, hash] = /^sha512-(.+)$/.exec(integrity) ?? [];
  if (hash === undefined) throw new Error(`deno.lock has no SHA-512 of ${key}, but ${integrity}`);
  const license = await licenseOf(packages, full, version);
  return {
    type: "library",
    "bom-ref": purl(key),
    ...(group === undefined ? {} : { group }),
    name,
    version,
    scope: shipped.has(`${full}@${version}`) ? "required" : "excluded",
    hashes: [{ alg: "SHA-512", content: Uint8Array.fromBase64(hash).toHex() }],
    ...(license === undefined ? {} : { licenses: [license] }),
    purl: purl(key),
  };
}

function parseKey(key: string) {
  const [, full, group, name, version] = /^((?:(@[^/]+)\/)?([^@/]+))@([^_]+)/.exec(key) ?? [];
  if (!full || !name || !version) throw new Error(`deno.lock lists "${key}", which is no package with a version`);
  return { full, group, name, version };
}

function purl(key: string): string {
  const { full, version } = parseKey(key);
  return `pkg:npm/${full.replace("@", "%40")}@${version}`;
}

/** What the package says of its licence. */
async function licenseOf(packages: string, name: string, version: string): Promise<License | undefined> {
  const path = join(packageFolder(packages, name, version), "package.json");
  const text = await Deno.readTextFile(path).catch(() => undefined);
  const { license } = text === undefined ? {} : JSON.parse(text);
  if (typeof license !== "string") return undefined;
  if (isSupportedSpdxId(license)) return { license: { id: license } };
  return /\b(AND|OR|WITH)\b/.test(license) ? { expression: license } : { license: { name: license } };
}

/** Folder of an installed package. */
export function packageFolder(packages: string, name: string, version: string): string {
  return join(packages, "node_modules", ".deno", `${name.replace("/", "+")}@${version}`, "node_modules", name);
}
