/** Cost of a job, before and after. */
import { z } from "zod";

/** An amount of money. */
export const CostSchema = z.strictObject({
  amount: z.number().min(0),
  currency: z.string().describe("ISO 4217 code"),
});
export type Cost = z.infer<typeof CostSchema>;

export const EstimateSchema = z.strictObject({
  kernelSeconds: z.number().min(0).describe("seconds of the device"),
  basis: z.enum(["measured", "default"]).describe("what the pace is from: earlier jobs on this device, or its kind"),
  cost: CostSchema.optional().describe("where the service has a price"),
});
export type Estimate = z.infer<typeof EstimateSchema>;
