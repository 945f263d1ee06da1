/** Runs a function as soon as fewer than the agreed number are running. */
export type Limiter = <T>(run: () => Promise<T>) => Promise<T>;

/** A limiter that lets at most `concurrency` functions run at once; the others wait in order. */
export function createLimiter(concurrency: number): Limiter {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
