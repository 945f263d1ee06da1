import { assertEquals } from "@std/assert";
import { slowTest } from "../../test_unless.ts";

const SCRIPT = new URL("../../../infra/bench/jobs/main.ts", import.meta.url).pathname;

slowTest("small jobs in a row leave nothing behind in memory", async () => {
  // Compiled code grows by some 3 KiB a job at first; the events of one job that were kept would be 30 KiB and more.
  const settings = ["--jobs", "120", "--every", "20", "--growth", "12"];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", SCRIPT, ...settings],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stdout));
});
