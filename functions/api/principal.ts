/** A caller and the caller's rights. */
import type { Quotas } from "shared/contract/quotas.ts";
import type { Role } from "shared/keys/role.ts";

/** A caller that has been told apart from others. */
export interface Principal {
  /** Owner of the jobs that this caller submits. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** Quotas of the caller. @default {no limits} */
  readonly quotas?: Quotas;
}

/** The caller of a service that asks nobody who they are, such as the one on one's own machine. */
export const ANYONE: Principal = { id: "anyone", roles: ["read", "submit", "admin"] };
