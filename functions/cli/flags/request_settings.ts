/** Settings of a request by the path that leads to them, such as `tiling.tile`. Arrays are settings, not places to go into. */

/** The setting at a path; undefined where there is none. */
export function settingAt(request: object, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => isPlain(value) ? value[key] : undefined, request);
}

/** A copy with one setting more, or another value for it. */
export function withSetting(request: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [key, ...rest] = path.split(".") as [string, ...string[]];
  if (rest.length === 0) return { ...request, [key]: value };
  const inner = request[key];
  return { ...request, [key]: withSetting(isPlain(inner) ? inner : {}, rest.join("."), value) };
}

/** The paths of everything that is set. */
export function leafPaths(request: object, prefix = ""): string[] {
  return Object.entries(request).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const path = `${prefix}${key}`;
    return isPlain(value) ? leafPaths(value, `${path}.`) : [path];
  });
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
