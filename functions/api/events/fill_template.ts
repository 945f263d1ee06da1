/** Locations written with placeholders such as `s3://results/{stem}.ome.zarr`. */
import { ClearstackError } from "shared/errors.ts";
import { encodeKey } from "shared/storage/http/object_url.ts";

const PLACEHOLDER = /\{(\w+)\}/g;

/**
 * Fills a template; in a URL the values are percent-encoded.
 *
 * @param values by the names of their placeholders
 * @throws {ClearstackError} `invalid-request` for a name without a value, a value that would choose the scheme or the host,
 * and a result that leaves the folder it is written in
 */
function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  if (template.search(PLACEHOLDER) < 0) return template;
  const [, scheme = "", rest = template] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(template)!;
  const [host = ""] = rest.split("/", 1);
  if (host.replaceAll("{bucket}", "").search(PLACEHOLDER) >= 0) {
    throw refusal(template, "it must begin with a scheme and a bucket, or a folder, that no key can choose");
  }
  const fill = (encode: (value: string) => string) =>
    rest.replace(PLACEHOLDER, (placeholder, name) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value !== undefined) return encode(value);
      const known = Object.keys(values).map((one) => `{${one}}`).join(" ");
      throw refusal(template, `${placeholder} is not known; use ${known}`);
    });
  const segments = fill((value) => value).replace(/^\//, "").split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw refusal(template, "it came to a path with an empty, . or .. segment");
  }
  return scheme + fill(scheme === "" ? (value) => value : encodeKey);
}

export function fillJson(json: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof json === "string") return fillTemplate(json, values);
  if (Array.isArray(json)) return json.map((item) => fillJson(item, values));
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, fillJson(value, values)]));
}

function refusal(template: string, why: string): ClearstackError {
  return new ClearstackError("invalid-request", `the template ${template}: ${why}`);
}
