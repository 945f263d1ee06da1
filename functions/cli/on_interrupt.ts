/** Signals by which a user, a scheduler or a closing terminal ends a command. */

/** Number of SIGHUP, as masks of signals count from bit 0. */
const SIGHUP_BIT = 0n;

/** Wrappers such as npx pass on what the terminal has sent to all of them: what comes so soon after is the same signal. */
const SAME_MILLISECONDS = 200;

/** Asked before the runtime has handlers of its own, which take the place of what was there and end the process on SIGHUP. */
const IGNORES_HANG_UP = hangUpIsIgnored();

/**
 * Calls `stop` on the first signal, so that the command ends in good order; a second one ends it at once. A terminal that closes may
 * send several.
 *
 * @returns the function that ends the listening
 */
export function onInterrupt(stop: () => void): () => void {
  let interrupted: number | undefined;
  const first = () => {
    if (interrupted !== undefined) return performance.now() - interrupted < SAME_MILLISECONDS;
    interrupted = performance.now();
    stop();
    return true;
  };
  const firm = () => first() || Deno.exit(1);
  const hangUp = IGNORES_HANG_UP ? () => {} : first;
  const listeners: readonly (readonly [Deno.Signal, () => void])[] = Deno.build.os === "windows"
    ? [["SIGINT", firm]]
    : [["SIGINT", firm], ["SIGTERM", firm], ["SIGHUP", hangUp]];
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return () => listeners.forEach(([signal, listener]) => Deno.removeSignalListener(signal, listener));
}

/** True under `nohup`, as far as Linux tells: it has a process ignore SIGHUP, and the process is to go on. */
function hangUpIsIgnored(): boolean {
  try {
    const [, mask] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
    return (BigInt(`0x${mask ?? 0}`) >> SIGHUP_BIT & 1n) === 1n;
  } catch {
    return false;
  }
}
