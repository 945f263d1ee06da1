/**
 * A module without its providers, for Terraform to evaluate: every resource becomes a local value of what is written in it, blocks
 * as lists, so that its expressions run although no provider is there to run them for.
 */
import { type Body, labeled } from "./read_module.ts";

const META = ["for_each", "count", "depends_on", "lifecycle"];

/**
 * The text that takes the place of all files but those of variables and locals. Its output `resources` holds each resource by its
 * address: one body, or a list or an object of bodies where there may be several; the module's own outputs stay.
 *
 * @param folder what `path.module` is
 */
export function evaluableModule(files: readonly Body[], folder: string): string {
  const resources = labeled(files, "resource", 2).map(([[type, name], body]) => {
    const { for_each: each, count } = body;
    const inner = bodyText(Object.fromEntries(Object.entries(body).filter(([key]) => !META.includes(key))));
    // A set has its values for keys.
    const text = each !== undefined
      ? `{ for each_key, each_value in ${valueText(each)} : each_key => ${inner} }`
      : count !== undefined
      ? `[for each_key in range(${valueText(count)}) : ${inner}]`
      : inner;
    return { local: `${type}__${name}`, address: `${type}.${name}`, text };
  });
  const outputs = labeled(files, "output", 1).map(([[name], body]) =>
    `output "${name}" {\nvalue = ${valueText(body.value)}\n}\n`
  );
  const named = (text: string) =>
    resources.reduce((done, { local, address }) => {
      return done.replace(new RegExp(`\\b${address}\\b`, "g"), `local.${local}`);
    }, text).replace(/\bpath\.module\b/g, JSON.stringify(folder));
  const locals = resources.map(({ local, text }) => `${local} = ${text}\n`).join("");
  const all = resources.map(({ local, address }) => `${JSON.stringify(address)} = local.${local}\n`).join("");
  return named(`locals {\n${locals}}\n${outputs.join("")}`) + `output "resources" {\nvalue = {\n${all}}\n}\n`;
}

/** A value as an expression. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "object" && value !== null) return bodyText(value as Body);
  if (typeof value !== "string" || !value.includes("${")) return JSON.stringify(value);
  const text = value.replace(/\beach\.(key|value)\b/g, "each_$1");
  const [, whole] = /^\$\{((?:(?!\$\{)[^])*)\}$/.exec(text) ?? [];
  return whole === undefined ? `"${text}"` : `(${whole})`;
}

/** A body as an expression, its dynamic blocks made by `for`. */
function bodyText({ dynamic = {}, ...body }: Body): string {
  const made = new Map(Object.entries(dynamic as Record<string, Body[]>));
  const lists = (name: string) => {
    const blocks = made.get(name);
    if (blocks === undefined) return valueText(body[name]);
    const parts = blocks.map(({ for_each, content }) => {
      const inner = valueText((content as Body[])[0]).replace(
        new RegExp(`\\b${name}\\.(key|value)\\b`, "g"),
        `${name}_$1`,
      );
      return `[for ${name}_key, ${name}_value in ${valueText(for_each)} : ${inner}]`;
    });
    return `concat(${[...(name in body ? [valueText(body[name])] : []), ...parts].join(", ")})`;
  };
  const names = new Set([...Object.keys(body), ...made.keys()]);
  return `{\n${
    [...names].map((name) => `${name.includes("${") ? valueText(name) : JSON.stringify(name)} = ${lists(name)}\n`).join(
      "",
    )
  }}`;
}
