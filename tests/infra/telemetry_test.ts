/** The dashboard and the alerts against what the functions measure. */
import { assert, assertEquals } from "@std/assert";
import { INSTRUMENTS } from "shared/telemetry/metrics.ts";
import { dashboardText } from "../../infra/telemetry/dashboard.ts";
import { ROWS } from "../../infra/telemetry/panels.ts";
import { promtoolTest, runPromtool } from "../shared/telemetry/promtool.ts";

const FOLDER = new URL("../../infra/telemetry/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, FOLDER));

/** Names that a scrape may show. */
const SERIES = new Set(
  INSTRUMENTS.flatMap(({ type, description: { name } }) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => `${name}${part}`) : [name]
  ),
);

const queried = (text: string) => [...text.matchAll(/\bclearstack_[a-z_]+\b/g)].map(([name]) => name);

Deno.test("dashboard.json is what dashboard.ts writes", () => {
  assertEquals(read("dashboard.json"), dashboardText());
});

Deno.test("every metric that the dashboard asks for is measured, and every one that is measured is shown", () => {
  const expressions = ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries))).join("\n");
  const asked = queried(expressions);
  assert(asked.length > 20);
  assertEquals(asked.filter((name) => !SERIES.has(name)), []);
  const shown = (name: string) => asked.some((series) => series === name || series.startsWith(`${name}_`));
  const hidden = INSTRUMENTS.map(({ description: { name } }) => name).filter((name) => !shown(name));
  assertEquals(hidden, ["clearstack_build_info"]);
});

Deno.test("every metric that an alert asks for is measured", () => {
  const asked = read("alerts.yml").split("\n").filter((line) => /^\s+expr:/.test(line)).flatMap(queried);
  assert(asked.length > 8);
  assertEquals(asked.filter((name) => !SERIES.has(name)), []);
});

promtoolTest(
  "promtool accepts the configuration and the alerts, and sees each alert fire where it should and nowhere else",
  async () => {
    const path = (name: string) => new URL(name, FOLDER).pathname;
    for (
      const args of [
        ["check", "config", "--syntax-only", path("prometheus.yml")],
        ["check", "rules", path("alerts.yml")],
        ["test", "rules", path("alerts_test.yml")],
      ]
    ) {
      const { status, said } = await runPromtool(args);
      assertEquals(status, 0, said);
    }
  },
);

promtoolTest("every query of the dashboard is one that Prometheus understands", async () => {
  const rules = ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries)))
    .map((expr, i) => ({ record: `query_${i}`, expr: expr.replaceAll("$__rate_interval", "5m") }));
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "queries", rules }] }));
  const { status, said } = await runPromtool(["check", "rules", file]);
  await Deno.remove(file);
  assertEquals(status, 0, said);
});
