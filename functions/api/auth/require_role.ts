/** The one place where roles decide. */
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

/** @throws {ClearstackError} `forbidden` for a caller without the role */
export function requireRole(principal: Principal, role: Role): void {
  if (hasRole(principal, role)) return;
  throw new ClearstackError(
    "forbidden",
    `this needs the role "${role}", which ${principal.id} does not have: ask whoever runs the service for it`,
  );
}
