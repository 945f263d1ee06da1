/** Checks a module without its providers: arguments by the providers' schemas, and names that expressions use. */
import { isWireType, type Members, splitMarks } from "./provider_typings.ts";
import { type Body, labeled } from "./read_module.ts";

const META = new Set(["alias", "count", "for_each", "depends_on", "provider", "lifecycle"]);

/** What is wrong with the module, one line for each fault. */
export function checkModule(files: readonly Body[], schemas: ReadonlyMap<string, Members>): string[] {
  const resources = labeled(files, "resource", 2);
  const sources = labeled(files, "data", 2);
  const typed = [
    ...resources.map(([[type, name], body]) => ({ type: type!, at: `${type}.${name}`, body })),
    ...sources.map(([[type, name], body]) => ({ type: `data_${type}`, at: `data.${type}.${name}`, body })),
  ];
  const providers = labeled(files, "provider", 1).map(([[name], body]) => ({
    type: `provider_${name}`,
    at: `provider.${name}`,
    body,
  }));
  const faults = [...typed, ...providers].flatMap(({ type, at, body }) => {
    const schema = schemas.get(type);
    if (schema === undefined) {
      return [`${at}: no schema has ${type}; if the provider does, infra/terraform/provider_schema.ts adds it`];
    }
    return checkBody(withoutMeta(body), schema, at);
  });
  return [...faults, ...checkNames(files, typed.map(({ at }) => at))];
}

function withoutMeta(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !META.has(name)));
}

/** Faults of a block and of those in it. */
function checkBody({ dynamic = {}, ...body }: Body, members: Members, at: string): string[] {
  const all = Object.entries(members).map(([marked, member]) => ({ ...splitMarks(marked), member }));
  const known = new Map(all.filter(({ marks }) => !marks.includes("=")).map((member) => [member.name, member]));
  const made = Object.entries(dynamic as Record<string, Body[]>);
  const given = [
    ...Object.entries(body).map(([name, value]) => ({ name, value, count: Array.isArray(value) ? value.length : 1 })),
    // How many there will be is known to Terraform alone.
    ...made.map(([name, blocks]) => ({ name, value: blocks.flatMap(({ content }) => content as Body[]), count: 1 })),
  ];
  const absent = [...known.values()].filter(({ name, marks }) =>
    marks.includes("!") && !given.some((one) => one.name === name)
  );
  return [
    ...absent.map(({ name }) => `${at}: ${name} is missing`),
    ...given.flatMap(({ name, value, count }) => {
      const place = `${at}.${name}`;
      const found = known.get(name);
      if (found === undefined) {
        return [`${place}: there is no such argument; there are ${[...known.keys()].join(", ")}`];
      }
      const { marks, member } = found;
      if (isWireType(member)) return [];
      if (marks.includes("&")) return isBody(value) ? checkBody(value, member, place) : [];
      if (!Array.isArray(value)) return [`${place}: it is a block, write it without "="`];
      const often = count > 1 && !/[*+]/.test(marks) ? [`${place}: there may be one such block, not ${count}`] : [];
      return [...often, ...value.flatMap((inner: Body) => checkBody(inner, member, place))];
    }),
  ];
}

function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names that expressions use and nobody declares, and variables and locals that nothing uses. */
function checkNames(files: readonly Body[], resources: readonly string[]): string[] {
  const declared = new Set([
    ...labeled(files, "variable", 1).map(([[name]]) => `var.${name}`),
    ...files.flatMap(({ locals = [] }) => (locals as Body[]).flatMap(Object.keys)).map((name) => `local.${name}`),
  ]);
  const text = JSON.stringify(files);
  const used = new Set(text.match(/\b(?:var|local)\.\w+/g));
  // A variable is used by its own validation blocks; only what is outside of those counts.
  const outside = JSON.stringify(files.map(({ variable: _, ...file }) => file));
  const providers = [...new Set(resources.map((name) => name.replace(/^data\./, "").split("_")[0]))].join("|");
  const named = text.match(new RegExp(`(?:\\bdata\\.)?\\b(?:${providers})_\\w+\\.\\w+`, "g")) ?? [];
  return [
    ...[...used].filter((name) => !declared.has(name)).map((name) => `${name}: it is used and not declared`),
    ...[...declared].filter((name) => !new RegExp(`\\b${name}\\b`).test(outside)).map((name) =>
      `${name}: nothing uses it`
    ),
    ...new Set(named.filter((name) => !resources.includes(name)).map((name) => `${name}: there is no such resource`)),
  ];
}
