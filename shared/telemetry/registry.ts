/**
 * Counts, levels and distributions of one process, and the text in which Prometheus reads them
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Labels take few values, never names of jobs or tiles: each
 * combination is a series that is kept for the life of the process.
 *
 * Over OTLP they go by OpenTelemetry (start_telemetry.ts). For a scrape it would take `@opentelemetry/sdk-metrics` from the first
 * count on, and the serializer of `@opentelemetry/exporter-prometheus`, which starts a server of `node:http` besides. Loading the
 * two makes the start of the `pyramid` function take 30 ms more of processor time (median of 15, Deno 2.9.6).
 */

/** Values of the labels of one series. */
type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** An instrument. */
interface Description<Label extends string = string> {
  /** With its unit, such as `clearstack_task_seconds`. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly labels: readonly Label[];
}

/** One series of an instrument. */
interface Sample {
  readonly labels: Labels<string>;
  readonly value: number;
}

abstract class Instrument<Label extends string> {
  abstract readonly type: "counter" | "gauge" | "histogram";
  readonly description: Description<Label>;

  constructor(description: Description<Label>) {
    this.description = description;
  }

  /** Lines of the text, without HELP and TYPE. */
  abstract lines(): string[];

  protected key(labels: Labels<Label>): string {
    return this.description.labels.map((label) => `${label}="${escapeValue(labels[label])}"`).join(",");
  }
}

/** A series by its labels as they are written. */
class Series<Value> {
  readonly #entries = new Map<string, { readonly labels: Labels<string>; value: Value }>();

  update(key: string, labels: Labels<string>, change: (value: Value | undefined) => Value): void {
    const entry = this.#entries.get(key);
    if (entry) entry.value = change(entry.value);
    else this.#entries.set(key, { labels: { ...labels }, value: change(undefined) });
  }

  entries(): [key: string, entry: { readonly labels: Labels<string>; readonly value: Value }][] {
    return [...this.#entries];
  }
}

abstract class Value<Label extends string> extends Instrument<Label> {
  protected readonly series = new Series<number>();

  /** @param amount at least 0 for what only grows */
  add(amount: number, labels: Labels<Label>): void {
    this.series.update(this.key(labels), labels, (sum = 0) => sum + amount);
  }

  samples(): Sample[] {
    return this.series.entries().map(([, { labels, value }]) => ({ labels, value: this.read(value) }));
  }

  override lines(): string[] {
    return this.series.entries().map(([key, { value }]) => line(this.description.name, key, this.read(value)));
  }

  /** What is told of a value that is kept. */
  protected read(value: number): number {
    return value;
  }
}

/** A counter: it only grows, until the process ends. */
export class Counter<Label extends string = never> extends Value<Label> {
  override readonly type = "counter";
}

/** A gauge: it rises and falls. */
export class Gauge<Label extends string = never> extends Value<Label> {
  override readonly type = "gauge";

  set(value: number, labels: Labels<Label>): void {
    this.series.update(this.key(labels), labels, () => value);
  }
}

/** A gauge of the seconds since something began, which go on while nobody sets it. */
export class AgeGauge<Label extends string = never> extends Value<Label> {
  override readonly type = "gauge";
  readonly #now: () => number;

  /** @param now milliseconds since 1970. @default {Date.now} */
  constructor(description: Description<Label>, now: () => number = Date.now) {
    super(description);
    this.#now = now;
  }

  /** @param beganMs milliseconds since 1970; undefined where nothing has begun, which is told as 0 */
  setBegin(beganMs: number | undefined, labels: Labels<Label>): void {
    this.series.update(this.key(labels), labels, () => beganMs ?? Infinity);
  }

  protected override read(beganMs: number): number {
    return Math.max(0, (this.#now() - beganMs) / 1000);
  }
}

interface Distribution {
  /** Values in each bucket, the last above all bounds. */
  readonly counts: number[];
  sum: number;
}

/** A histogram: the distribution of values. */
export class Histogram<Label extends string = never> extends Instrument<Label> {
  override readonly type = "histogram";
  readonly bounds: readonly number[];
  readonly #series = new Series<Distribution>();
  readonly #listeners: ((value: number, labels: Labels<string>) => void)[] = [];

  /** @param bounds upper bounds of the buckets, ascending */
  constructor(description: Description<Label>, bounds: readonly number[]) {
    super(description);
    this.bounds = bounds;
  }

  observe(value: number, labels: Labels<Label>): void {
    this.#series.update(this.key(labels), labels, (known) => {
      const { counts, sum } = known ?? { counts: Array(this.bounds.length + 1).fill(0), sum: 0 };
      const bucket = this.bounds.findIndex((bound) => value <= bound);
      counts[bucket < 0 ? this.bounds.length : bucket]!++;
      return { counts, sum: sum + value };
    });
    for (const listen of this.#listeners) listen(value, labels);
  }

  /** Calls `listen` with every value from now on. */
  onObserve(listen: (value: number, labels: Labels<string>) => void): void {
    this.#listeners.push(listen);
  }

  override lines(): string[] {
    const { name } = this.description;
    return this.#series.entries().flatMap(([key, { value: { counts, sum } }]) => {
      let count = 0;
      const buckets = [...this.bounds.map(String), "+Inf"].map((bound, i) => {
        const labels = [...(key ? [key] : []), `le="${bound}"`].join(",");
        return line(`${name}_bucket`, labels, count += counts[i]!);
      });
      return [...buckets, line(`${name}_sum`, key, sum), line(`${name}_count`, key, count)];
    });
  }
}

/** Any instrument. */
export type AnyInstrument = Counter<string> | Gauge<string> | AgeGauge<string> | Histogram<string>;

export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Answer to a scrape. */
export function prometheusText(instruments: readonly AnyInstrument[]): string {
  return instruments.flatMap((instrument) => {
    const { name, help } = instrument.description;
    const lines = instrument.lines();
    return lines.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${instrument.type}`, ...lines];
  }).map((text) => `${text}\n`).join("");
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === "" ? "" : `{${labels}}`} ${value}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
