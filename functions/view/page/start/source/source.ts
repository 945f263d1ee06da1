/** What the service says of the image that the form names, and an address at which its voxels can be looked at. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Location, LocationSchema } from "shared/contract/location.ts";
import type { ShownImage } from "shared/contract/views/shown_image.ts";
import { asCallError, type CallError } from "../service/call_error.ts";
import type { Service } from "../service/service.ts";

/** Pause after the last change, milliseconds. */
const PAUSE = 400;

/** Pause before a service that is away is asked again, milliseconds. */
const AWAY_PAUSE = 3000;

/** An image that was asked for, and the answer once it is there. */
interface Asked {
  /** Location as text. */
  readonly asked: string;
  readonly shown?: ShownImage;
  readonly failure?: CallError;
}

/** An image that is named somewhere. */
export interface NamedImage {
  /** Undefined while nothing is named, or nothing is known of it yet. */
  readonly answer: ReadonlySignal<Omit<Asked, "asked"> | undefined>;
}

/**
 * Asks for the image that a signal names, shortly after it has changed; the last one wins.
 *
 * @param named location as text; empty where there is none
 */
export function followImage(named: ReadonlySignal<string>, service: Service): NamedImage {
  const latest: Signal<Asked | undefined> = signal(undefined);
  effect(() => {
    const asked = named.value;
    void service.key.value;
    if (asked === "" || (latest.peek()?.asked === asked && latest.peek()?.shown !== undefined)) return undefined;
    const stop = new AbortController();
    const ask = async () => {
      try {
        const shown = await service.show(JSON.parse(asked), stop.signal);
        if (!stop.signal.aborted) latest.value = { asked, shown };
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const failure = asCallError(thrown);
        latest.value = { asked, failure };
        if (failure.status === 0) timer = setTimeout(ask, AWAY_PAUSE);
      }
    };
    let timer = setTimeout(ask, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  });
  return { answer: computed(() => latest.value?.asked === named.value ? latest.value : undefined) };
}

/** The location that part of a request names, as text; empty where it names none. Whether all images are taken makes no difference. */
export function locationText(part: unknown): string {
  const location: Location | undefined = LocationSchema.safeParse(part).data;
  if (location === undefined) return "";
  const { series: _, ...one } = location;
  return JSON.stringify(one);
}
