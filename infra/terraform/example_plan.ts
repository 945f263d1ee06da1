/**
 * What Terraform plans for the examples, as text: a line for each value that is configured.
 *
 *     deno run -A infra/terraform/example_plan.ts
 *
 * writes the texts that tests compare with.
 */
import { isWireType, type Members, splitMarks } from "./provider_typings.ts";
import { readSchemas } from "./provider_schema.ts";
import { exampleNames, EXAMPLES } from "./read_module.ts";
import { type RunTerraform, withTerraform } from "./with_terraform.ts";

/** A resource that is planned. */
export interface PlannedResource {
  readonly address: string;
  readonly type: string;
  readonly mode: string;
  readonly change: { readonly actions: readonly string[]; readonly after: unknown; readonly after_unknown: unknown };
}

/** Where the plan of an example is kept. */
export function planFile(example: string): URL {
  return new URL(`../../tests/terraform/plans/${example}.txt`, import.meta.url);
}

/** Has Terraform plan a configuration. @throws {Error} with what it says if it does not */
export async function plannedResources(run: RunTerraform, folder: URL): Promise<PlannedResource[]> {
  const said = async (...args: string[]) => {
    const answer = await run(args, folder);
    if (!answer.success) throw new Error(`terraform ${args.join(" ")} in ${folder.pathname}: ${answer.said}`);
    return answer.said;
  };
  const file = await Deno.makeTempFile();
  try {
    await said("init", "-no-color");
    await said("plan", "-no-color", "-input=false", "-lock=false", `-out=${file}`);
    return JSON.parse(await said("show", "-json", file)).resource_changes;
  } finally {
    await Deno.remove(file);
  }
}

/** Lines of a plan: what is null, empty, or made up by the provider is left out. */
export function planLines(resources: readonly PlannedResource[], schemas: ReadonlyMap<string, Members>): string[] {
  return resources.filter(({ mode }) => mode === "managed").flatMap(({ address, type, change }) => {
    const values = valueLines(change.after, change.after_unknown, schemas.get(type) ?? {});
    return [`${address} (${change.actions.join(", ")})`, ...values.map((line) => `  ${line}`)];
  });
}

function valueLines(after: unknown, unknown: unknown, members: Members | undefined, at = ""): string[] {
  if (unknown === true) return [`${at} = (known after apply)`];
  if (after === null || after === undefined) return objectLines({}, unknown, members, at);
  if (Array.isArray(after)) {
    const later = Array.isArray(unknown) ? unknown : [];
    return after.flatMap((value, index) => valueLines(value, later[index], members, `${at}[${index}]`));
  }
  if (typeof after !== "object") return [`${at} = ${JSON.stringify(after)}`];
  return objectLines(after as Readonly<Record<string, unknown>>, unknown, members, at);
}

function objectLines(
  after: Readonly<Record<string, unknown>>,
  unknown: unknown,
  members: Members | undefined,
  at: string,
): string[] {
  const later = (typeof unknown === "object" && unknown !== null ? unknown : {}) as Readonly<Record<string, unknown>>;
  const inner = new Map(
    Object.entries(members ?? {}).map(([marked, member]) => [splitMarks(marked).name, { marked, member }]),
  );
  return [...new Set([...Object.keys(after), ...Object.keys(later)])].sort().flatMap((name) => {
    const { marked = "", member = "dynamic" as const } = inner.get(name) ?? {};
    if (/[~=]/.test(marked) && later[name] === true) return [];
    return valueLines(
      after[name],
      later[name],
      isWireType(member) ? undefined : member,
      at === "" ? name : `${at}.${name}`,
    );
  });
}

if (import.meta.main) {
  const schemas = await readSchemas();
  await withTerraform(async (run) => {
    for (const example of await exampleNames()) {
      const resources = await plannedResources(run, new URL(`${example}/`, EXAMPLES));
      await Deno.writeTextFile(planFile(example), planLines(resources, schemas).join("\n") + "\n");
    }
  });
}
