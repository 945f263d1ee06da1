/** Values that the middlewares of the `api` function leave for its endpoints. */
import type { RequestIdVariables } from "hono/request-id";
import type { Principal } from "./principal.ts";

export interface Env {
  Variables: RequestIdVariables & { principal: Principal };
}
