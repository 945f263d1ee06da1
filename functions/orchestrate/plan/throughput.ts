/** Speed of each device, learned from the jobs that ran on it, and the time and cost that follow for others. */
import { z } from "zod";
import type { Cost, Estimate } from "shared/contract/cost.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Device } from "shared/contract/device.ts";
import { plannedIterations } from "shared/plan/iteration_bounds.ts";
import { hashHex } from "shared/image/output/hash.ts";
import type { Store } from "shared/storage/store.ts";

/** Price of a second of a device. */
export interface Price {
  readonly perGpuSecond: number;
  /** ISO 4217 code. */
  readonly currency: string;
}

/**
 * Voxels of boxes times iterations in a second where nothing is known: two CPU cores take 12 ns for each, a data-centre GPU about
 * 0.1 ns.
 */
const DEFAULT_RATES = { cpu: 8e7, gpu: 1e10 };

/** Weight of the newest job: old ones may have had another size of box, or shared the device with others. */
const NEWEST = 0.3;

const ThroughputSchema = z.strictObject({ adapter: z.string(), rate: z.number().positive(), jobs: z.int().min(1) });

type PlannedWork = Pick<Plan, "voxels" | "inflation" | "algorithm" | "decisions">;
type PlannedDevice = Pick<Device, "adapter" | "backend" | "computeOnHost">;

/** Paces, kept in a store: `throughput/HASH.json` for each adapter. */
export class Throughput {
  readonly #store: Store;
  readonly #price: Price | undefined;

  constructor(store: Store, price?: Price) {
    this.#store = store;
    this.#price = price;
  }

  /** Estimates a job. Pilots and seam checks, which are a few tiles each, are left out. */
  async estimate(plan: PlannedWork, device: PlannedDevice): Promise<Estimate> {
    const known = await this.#read(device.adapter);
    return estimateWork(plan, device, { rate: known?.rate, price: this.#price });
  }

  /** The cost of some time on a device, where there is a price. */
  cost(seconds: number): { readonly cost?: Cost } {
    return costOf(seconds, this.#price);
  }

  /** Takes note of what a device did: voxels of boxes times iterations, and the seconds that took. */
  async learn(adapter: string, voxelIterations: number, seconds: number): Promise<void> {
    if (!(voxelIterations > 0 && seconds > 0)) return;
    const known = await this.#read(adapter);
    const measured = voxelIterations / seconds;
    const rate = known ? (1 - NEWEST) * known.rate + NEWEST * measured : measured;
    const throughput = { adapter, rate, jobs: (known?.jobs ?? 0) + 1 };
    await this.#store.put(await keyOf(adapter), new TextEncoder().encode(JSON.stringify(throughput)));
  }

  async #read(adapter: string): Promise<z.infer<typeof ThroughputSchema> | undefined> {
    const bytes = await this.#store.get(await keyOf(adapter));
    if (bytes === undefined) return undefined;
    try {
      return ThroughputSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
    } catch {
      return undefined;
    }
  }
}

/** Time and cost of a job by the rate measured on its device, or by that of its kind. */
export function estimateWork(
  plan: PlannedWork,
  device: PlannedDevice,
  { rate, price }: { readonly rate?: number | undefined; readonly price?: Price | undefined } = {},
): Estimate {
  const isGpu = device.backend === "webgpu" && !device.computeOnHost;
  const work = plan.voxels * plan.inflation * meanIterations(plan);
  const kernelSeconds = work / (rate ?? (isGpu ? DEFAULT_RATES.gpu : DEFAULT_RATES.cpu));
  return { kernelSeconds, basis: rate === undefined ? "default" : "measured", ...costOf(kernelSeconds, price) };
}

/** Iterations of a volume: where each channel has its own number, the mean of them. */
function meanIterations({ algorithm, decisions }: PlannedWork): number {
  const ofChannels = decisions?.channels?.flatMap(({ iterations }) => iterations ?? []) ?? [];
  if (ofChannels.length === 0) return decisions?.iterations ?? plannedIterations(algorithm);
  return ofChannels.reduce((sum, iterations) => sum + iterations, 0) / ofChannels.length;
}

function costOf(seconds: number, price: Price | undefined): { readonly cost?: Cost } {
  return price ? { cost: { amount: seconds * price.perGpuSecond, currency: price.currency } } : {};
}

async function keyOf(adapter: string): Promise<string> {
  return `throughput/${(await hashHex(new TextEncoder().encode(adapter))).slice(0, 16)}.json`;
}
