/** The token by which functions know each other. */
import { createHash, timingSafeEqual } from "node:crypto";
import { httpProblem, problemResponse } from "./problem.ts";

/** The header that presents a token; nothing where there is none. */
export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/**
 * The refusal of a request that lacks the token a function asks for; undefined if it may pass. Takes a time that does not depend
 * on where the tokens differ.
 *
 * @param token undefined where nothing is asked for
 */
export function refuseWithoutToken(request: Request, token: string | undefined): Response | undefined {
  if (token === undefined || isSame(request.headers.get("authorization") ?? "", `Bearer ${token}`)) return undefined;
  return problemResponse(httpProblem(401, "Unauthorized", "the token is missing or wrong"), {
    "www-authenticate": 'Bearer realm="clearstack"',
  });
}

/** Of their digests, which have one length whatever theirs is. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
