/** Prometheus' own judge of metrics and rules, from Debian's package `prometheus`; tests that lack it are skipped, visibly. */
import { testUnless } from "../../test_unless.ts";

const program = Deno.env.get("PROMTOOL") ?? "promtool";

async function isThere(): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

const available = await isThere();
const required = Deno.env.get("CLEARSTACK_REQUIRE_PROMTOOL") === "1";

/** Registers a test that needs promtool; PROMTOOL says where it is, CLEARSTACK_REQUIRE_PROMTOOL=1 makes a missing one a failure. */
export function promtoolTest(name: string, fn: () => Promise<void>): void {
  testUnless(available ? undefined : `${program} is not installed`, { name, fn }, required);
}

/** Runs promtool with text on its standard input. */
export async function runPromtool(args: string[], input = ""): Promise<{ status: number; said: string }> {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { status: code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
