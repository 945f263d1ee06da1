/** Writes a page of Markdown in the format that `deno fmt` demands, so that generated pages pass the check. */
export async function writePage(path: string, markdown: string): Promise<void> {
  await Deno.writeTextFile(path, markdown);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path] }).output();
  if (!success) throw new Error(`deno fmt ${path}: ${new TextDecoder().decode(stderr)}`);
}
