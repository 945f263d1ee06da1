/** The text that Prometheus reads, and what may stand in it. */
import { assertEquals } from "@std/assert";
import { INSTRUMENTS, metricsText } from "shared/telemetry/metrics.ts";
import { AgeGauge, Counter, Gauge, Histogram, prometheusText } from "shared/telemetry/registry.ts";
import { promtoolTest, runPromtool } from "./promtool.ts";

Deno.test("counters add up, gauges rise and fall, and histograms count what lies at or below each bound", () => {
  const counter = new Counter({ name: "apples_total", help: "Apples.", labels: ["kind"] });
  counter.add(2, { kind: "red" });
  counter.add(0.5, { kind: "green" });
  counter.add(1, { kind: "red" });
  const gauge = new Gauge({ name: "baskets", help: "Baskets.", labels: [] });
  gauge.add(3, {});
  gauge.add(-1, {});
  const histogram = new Histogram({ name: "weight", help: "Weight.", labels: ["kind"] }, [1, 2]);
  for (const value of [0.5, 1, 1.5, 7]) histogram.observe(value, { kind: "red" });
  const unused = new Counter({ name: "pears_total", help: "Pears.", labels: [] });
  assertEquals(
    prometheusText([counter, gauge, histogram, unused]),
    `# HELP apples_total Apples.
# TYPE apples_total counter
apples_total{kind="red"} 3
apples_total{kind="green"} 0.5
# HELP baskets Baskets.
# TYPE baskets gauge
baskets 2
# HELP weight Weight.
# TYPE weight histogram
weight_bucket{kind="red",le="1"} 2
weight_bucket{kind="red",le="2"} 3
weight_bucket{kind="red",le="+Inf"} 4
weight_sum{kind="red"} 10
weight_count{kind="red"} 4
`,
  );
});

Deno.test("an age grows while nobody sets it, and is 0 while there is nothing", () => {
  let now = 1_000_000;
  const age = new AgeGauge({ name: "wait_seconds", help: "Wait.", labels: [] }, () => now);
  const told = () => [prometheusText([age]).split("\n")[2], age.samples()[0]!.value];
  age.setBegin(now - 2000, {});
  assertEquals(told(), ["wait_seconds 2", 2]);
  now += 3_600_000;
  assertEquals(told(), ["wait_seconds 3602", 3602]);
  age.setBegin(undefined, {});
  assertEquals(told(), ["wait_seconds 0", 0]);
});

Deno.test("values of labels are escaped", () => {
  const counter = new Counter({ name: "a_total", help: "A.", labels: ["b"] });
  counter.add(1, { b: 'back\\slash "quoted"\nnext' });
  assertEquals(prometheusText([counter]).split("\n")[2], 'a_total{b="back\\\\slash \\"quoted\\"\\nnext"} 1');
});

Deno.test("every instrument has a name of its own, help in one line, and labels that hold no id", () => {
  const names = INSTRUMENTS.map(({ description }) => description.name);
  assertEquals(new Set(names).size, names.length);
  for (const { type, description: { name, help, labels } } of INSTRUMENTS) {
    assertEquals([/^clearstack_[a-z_]+$/.test(name), help.includes("\n")], [true, false], name);
    assertEquals(name.endsWith("_total"), type === "counter", name);
    const bounded = ["kind", "outcome", "part", "backend", "state", "reason", "method", "route", "status", "function"];
    for (const label of labels) assertEquals([...bounded, "version"].includes(label), true, `${name} ${label}`);
  }
});

promtoolTest("promtool finds nothing wrong with the text of a process", async () => {
  for (const instrument of INSTRUMENTS) {
    const labels = Object.fromEntries(instrument.description.labels.map((label) => [label, "x"]));
    if (instrument instanceof Histogram) instrument.observe(0.2, labels);
    else instrument.add(1, labels);
  }
  assertEquals(await runPromtool(["check", "metrics"], metricsText()), { status: 0, said: "" });
});
