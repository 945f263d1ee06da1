/** Who calls, and what they may do. */
import type { Quotas } from "shared/contract/quotas.ts";
import type { Role } from "shared/keys/role.ts";

/** A caller that has been told apart from others. */
export interface Principal {
  /** Owner of the jobs that this caller submits. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** How much they may ask for. @default {no limits} */
  readonly quotas?: Quotas;
}

/** The caller of a service that asks nobody who they are, such as the one on one's own machine. */
export const ANYONE: Principal = { id: "anyone", roles: ["read", "submit", "admin"] };
