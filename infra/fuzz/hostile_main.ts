/**
 * The hostile tenant in a process of its own: `hostile_main.ts TARGET`, where TARGET is JSON. Tries one act after the other until
 * its input ends, then prints how often each was answered by which status.
 */
import { hostileActs, type Target } from "./hostile_tenant.ts";

/** How often an act was answered by a status; 0 stands for no answer. */
export type Answers = Readonly<Record<string, Readonly<Record<number, number>>>>;

if (import.meta.main) {
  const target: Target = JSON.parse(Deno.args[0]!);
  const acts = hostileActs(target);
  const answers: Record<string, Record<number, number>> = {};
  let stopped = false;
  const told = Deno.stdin.readable.pipeTo(new WritableStream()).then(() => stopped = true);
  for (const names = Object.keys(acts); !stopped;) {
    for (const name of names) {
      if (stopped) break;
      const counts = answers[name] ??= {};
      for (const status of await acts[name]!()) counts[status] = (counts[status] ?? 0) + 1;
    }
  }
  await told;
  console.log(JSON.stringify(answers));
  // Connections that trickle are left as they are.
  Deno.exit(0);
}
