/** The program itself, run as a user runs it. */

const MAIN = decodeURIComponent(new URL("../../functions/cli/main.ts", import.meta.url).pathname);

/**
 * Runs a command line in a process of its own.
 *
 * @returns standard output
 * @throws if the exit status is not 0, with what was printed
 */
export async function clearstack(...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", MAIN, ...args] });
  const { code, stdout, stderr } = await command.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`clearstack ${args.join(" ")} ended with status ${code}: ${err}${out}`);
  return out;
}
