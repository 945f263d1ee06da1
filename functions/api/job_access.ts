/** Visibility of jobs to a caller. */
import { ClearstackError } from "shared/errors.ts";
import { hasRole } from "./auth/require_role.ts";
import { ANYONE, type Principal } from "./principal.ts";

/** An owner, if any. */
interface Owner {
  readonly owner?: string;
}

/** Owner of the jobs that a caller submits; nobody where callers are not told apart. */
export function ownerOf(principal: Principal): Owner {
  return principal === ANYONE ? {} : { owner: principal.id };
}

/**
 * The owner that a list is restricted to.
 *
 * @param asked the owner that the caller asks for
 * @throws {ClearstackError} `forbidden` where a caller who is no administrator asks for another's jobs
 */
export function listedOwner(principal: Principal, asked: string | undefined): Owner {
  if (hasRole(principal, "admin")) return asked === undefined ? {} : { owner: asked };
  if (asked === undefined || asked === principal.id) return { owner: principal.id };
  throw new ClearstackError("forbidden", "only an administrator sees the jobs of others: leave out owner");
}

/** Something that somebody made. */
interface Owned {
  readonly id: string;
  readonly owner?: string | undefined;
}

/**
 * A job or a view, if the caller may see it.
 *
 * @param what it is, for the message. @default {"job"}
 * @throws {ClearstackError} `not-found` for another's, as for one that does not exist
 */
export function visible<Thing extends Owned>(principal: Principal, thing: Thing, what = "job"): Thing {
  if (hasRole(principal, "admin") || thing.owner === principal.id) return thing;
  throw new ClearstackError("not-found", `there is no ${what} ${thing.id}`);
}
