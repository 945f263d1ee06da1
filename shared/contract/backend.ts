/** What computes. */
import { z } from "zod";

/** Which compute backend is asked for. */
export const BackendSchema = z.enum(["auto", "webgpu", "cpu"]);
export type BackendChoice = z.infer<typeof BackendSchema>;
