import config from "../../deno.json" with { type: "json" };

/** The settings of the allocator that the tasks of `deno.json` run the program with, for benchmarks that start it themselves. */
export function taskEnvironment(): Record<string, string> {
  const words = config.tasks.clearstack.split(" ");
  const settings = words.slice(0, words.indexOf("deno"));
  return Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/s).slice(0, 2)));
}
