/** Adds the phases of a run on the device as spans: kernels know nothing of telemetry. */
import type { RunResult } from "kernels/deconvolver.ts";
import { addSpan } from "shared/telemetry/span.ts";

/** Adds a span for each phase below the current one; the passes of an iteration are events of the one that computes. */
export function addPhaseSpans({ phases = [], passes = [] }: RunResult, iterations: number): void {
  for (const { name, start, seconds } of phases) {
    if (name !== "compute") {
      addSpan(name, { start, seconds });
      continue;
    }
    const milliseconds = 1000 * seconds / iterations;
    addSpan(name, {
      start,
      seconds,
      attributes: { "clearstack.iterations": iterations, "clearstack.milliseconds_per_iteration": milliseconds },
      events: passes.map(({ label, share }) => ({
        name: label,
        attributes: { "clearstack.share": share, "clearstack.milliseconds": share * milliseconds },
      })),
    });
  }
}
