/** What callers of the endpoint may do. */
import { z } from "zod";

/** `read` sees its own jobs, `submit` also starts and cancels them, `admin` sees and cancels everybody's. */
export const RoleSchema = z.enum(["read", "submit", "admin"]);
export type Role = z.infer<typeof RoleSchema>;
