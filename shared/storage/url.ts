/** The scheme of a URL, `file` for a path. */
export function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]!.toLowerCase() ?? "file";
}
