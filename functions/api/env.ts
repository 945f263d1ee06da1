/** Values that the middlewares of the `api` function leave for its endpoints. */
import type { RequestIdVariables } from "hono/request-id";
import type { Principal } from "./principal.ts";

export interface Env {
  Variables: RequestIdVariables & {
    principal: Principal;
    /** Fires when the body of a request is not waited for any longer. */
    bodySignal?: AbortSignal;
    /** Fires when nobody waits for a plan any longer: the time for it is up, or the caller has hung up. */
    planSignal?: AbortSignal;
  };
}
