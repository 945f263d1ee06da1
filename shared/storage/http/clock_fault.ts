/** Least difference that servers refuse signatures and tokens for, milliseconds. */
const TOLERATED_MS = 5 * 60_000;

/**
 * Says how far this machine's clock is off if that may be why a server refused a request.
 *
 * @param headers of the server's answer; its `date` is the reference
 * @param now this machine's clock, milliseconds since 1970
 */
export function clockFault(headers: Headers, now: number): string | undefined {
  const difference = now - Date.parse(headers.get("date") ?? "");
  if (!(Math.abs(difference) > TOLERATED_MS)) return undefined;
  const minutes = Math.round(Math.abs(difference) / 60_000);
  return `this machine's clock is ${minutes} minutes ${difference > 0 ? "fast" : "slow"}; set the clock`;
}
