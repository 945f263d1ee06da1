/** The one place where roles decide. */
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Role } from "shared/keys/role.ts";
import type { Principal } from "../principal.ts";

/** Roles that include another. */
const INCLUDED_IN: Readonly<Record<Role, readonly Role[]>> = {
  read: ["read", "submit", "admin"],
  submit: ["submit", "admin"],
  admin: ["admin"],
};

/** True if one of the caller's roles is `role` or includes it. */
export function hasRole({ roles }: Principal, role: Role): boolean {
  return roles.some((own) => INCLUDED_IN[role].includes(own));
}

/** The highest priority of callers who are no administrators: that of a job which states none. */
const MAX_PRIORITY = 5;

/** @throws {ClearstackError} `forbidden` for a job that is to go before those of everybody else, of no administrator */
export function requirePriority(principal: Principal, { priority }: Pick<JobRequest, "priority">): void {
  if (priority <= MAX_PRIORITY || hasRole(principal, "admin")) return;
  throw new ClearstackError(
    "forbidden",
    `priority ${priority} needs the role "admin": at most ${MAX_PRIORITY} is for everybody`,
    { need: priority, limit: MAX_PRIORITY, path: "priority", value: priority },
  );
}

/** @throws {ClearstackError} `forbidden` for a caller without the role */
export function requireRole(principal: Principal, role: Role): void {
  if (hasRole(principal, role)) return;
  throw new ClearstackError(
    "forbidden",
    `this needs the role "${role}", which ${principal.id} does not have: ask whoever runs the service for it`,
  );
}
