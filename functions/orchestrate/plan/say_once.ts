/** Warnings of several channels that differ in figures alone, each said once. */
import type { Warning } from "shared/contract/problem.ts";

/** Channels that a message lists before it leaves the rest out. */
const MAX_LISTED = 16;

/** What is told of one or more channels. */
interface ChannelWarnings {
  /** Of the channels, such as `2 (DAPI)`; empty where there is only one, or all are meant. */
  readonly labels: readonly string[];
  readonly warnings: readonly Warning[];
}

/** The first warning of each code, in their order, with the other channels that it holds for, whose figures may be others. */
export function saidOnce(found: readonly ChannelWarnings[]): Warning[] {
  const byCode = new Map<string, { readonly first: Warning; readonly also: string[] }>();
  for (const { labels, warnings } of found) {
    for (const warning of warnings) {
      const said = byCode.get(warning.code);
      if (said === undefined) byCode.set(warning.code, { first: warning, also: labels.slice(1) });
      else said.also.push(...labels);
    }
  }
  return [...byCode.values()].map(({ first, also }) =>
    also.length === 0 ? first : { ...first, message: `${first.message}; likewise ${listed(also)}` }
  );
}

function listed(labels: readonly string[]): string {
  const more = labels.length > MAX_LISTED ? ", ..." : "";
  return `${labels.length === 1 ? "channel" : "channels"} ${labels.slice(0, MAX_LISTED).join(", ")}${more}`;
}
