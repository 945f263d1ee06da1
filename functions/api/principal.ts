/** Who calls, and what they may do. */
import { z } from "zod";
import type { Quotas } from "shared/contract/quotas.ts";

/** `read` sees its own jobs, `submit` also starts and cancels them, `admin` sees and cancels everybody's. */
export const RoleSchema = z.enum(["read", "submit", "admin"]);
export type Role = z.infer<typeof RoleSchema>;

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
