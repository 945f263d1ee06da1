/** Serving until the user interrupts. */
import type { Service } from "functions/library/start_service.ts";
import type { Io } from "../io.ts";

/** Form of a port, for messages. */
export const PORT_FORM = "a whole number from 0 to 65535";

/** Waits for the interruption, then closes the service. @returns the exit status */
export async function untilInterrupted(io: Io, service: Pick<Service, "close">): Promise<number> {
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  const release = io.onInterrupt(resolve);
  await interrupted;
  await service.close();
  release();
  return 0;
}
