/** The middleware that finds out who calls. */
import type { MiddlewareHandler } from "hono";
import { httpProblem, problemResponse } from "shared/http/problem.ts";
import type { Env } from "../env.ts";
import { ANYONE } from "../principal.ts";
import { type Auth, principalOf } from "./auth.ts";
import { ProviderUnavailable } from "./token_verifier.ts";

/** Longest token that is looked at, characters. */
const MAX_TOKEN_LENGTH = 8192;

/**
 * Sets `principal`, or answers 401.
 *
 * @param auth undefined where everybody may do everything, as on one's own machine
 * @param open paths that anybody may ask for
 */
export function authenticate(auth: Auth | undefined, open: readonly string[]): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (auth === undefined || open.includes(c.req.path)) {
      c.set("principal", ANYONE);
      return await next();
    }
    const header = c.req.header("authorization");
    if (header === undefined) return unauthorized("this needs an API key or a token, sent as a bearer token");
    const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(header) ?? [];
    if (token === undefined || token.length > MAX_TOKEN_LENGTH) return unauthorized(WRONG, "invalid_token");
    try {
      const principal = await principalOf(auth, token);
      if (principal === undefined) return unauthorized(WRONG, "invalid_token");
      c.set("principal", principal);
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      return problemResponse(httpProblem(503, "Nobody can be recognised", `${error.message}; try again later`), {
        "retry-after": "5",
      });
    }
    return await next();
  };
}

/** Does not say what is wrong with it: whoever guesses learns nothing. */
const WRONG = "the key or token is not valid here, or no longer";

function unauthorized(detail: string, error?: string): Response {
  const challenge = `Bearer realm="clearstack"${error === undefined ? "" : `, error="${error}"`}`;
  return problemResponse(httpProblem(401, "Unauthorized", detail), { "www-authenticate": challenge });
}
