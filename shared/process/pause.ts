import { delay } from "@std/async/delay";

/** Waits, or until the signal fires; `delay` of @std/async alone would reject then, which no caller has a use for. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, { signal }).catch(() => {});
}
