/**
 * What tiles are computed on, as planning must know it, without an instance that lives: told by a setting, or kept in the store
 * of jobs as an instance told it last. A plan wakes no machine but the first one ever.
 */
import type { BackendChoice } from "shared/contract/algorithm.ts";
import { type Device, DeviceSchema } from "shared/contract/device.ts";
import { ClearstackError, toClearstackError } from "shared/errors.ts";
import { decodeJson, encodeJson } from "shared/image/zarr/json.ts";
import type { Store } from "shared/storage/store.ts";

/** Instances are asked again at most so often, when they have just done a job and so are awake. */
const REFRESH_MS = 60_000;

interface DeviceProfilesOptions {
  /** Keeps `devices/BACKEND.json`. */
  readonly store: Store;
  /** CLEARSTACK_DEVICE: a device as JSON, for whatever backend a job asks for. */
  readonly setting: string | undefined;
  /** Asks an instance, which may have to be started first. */
  readonly ask: (choice: BackendChoice) => Promise<Device>;
}

/** The devices of a service. */
export class DeviceProfiles {
  readonly #options: DeviceProfilesOptions;
  readonly #stated: Device | undefined;
  readonly #known = new Map<BackendChoice, Device>();
  readonly #asked = new Map<BackendChoice, number>();

  /** @throws {ClearstackError} `invalid-request` for a setting that is no device */
  constructor(options: DeviceProfilesOptions) {
    this.#options = options;
    this.#stated = options.setting === undefined ? undefined : readDevice(options.setting);
  }

  /**
   * The device of a job that asks for this backend.
   *
   * @throws {ClearstackError} what the store throws; the first time of all, what asking an instance throws
   */
  async device(choice: BackendChoice): Promise<Device> {
    if (this.#stated) return this.#stated;
    return this.#known.get(choice) ?? await this.#stored(choice) ?? await this.#learn(choice);
  }

  /** True if jobs can be planned without an instance. */
  async known(): Promise<boolean> {
    return this.#stated !== undefined || this.#known.size > 0 || await this.#stored("auto") !== undefined;
  }

  /** Asks an instance that has just done something, so that another kind of machine is known to the next plan. Never rejects. */
  async refresh(choice: BackendChoice): Promise<void> {
    if (this.#stated || Date.now() - (this.#asked.get(choice) ?? 0) < REFRESH_MS) return;
    await this.#learn(choice).catch(() => {});
  }

  async #stored(choice: BackendChoice): Promise<Device | undefined> {
    const { data } = DeviceSchema.safeParse(decodeJson(await this.#options.store.get(keyOf(choice))));
    if (data) this.#known.set(choice, data);
    return data;
  }

  async #learn(choice: BackendChoice): Promise<Device> {
    this.#asked.set(choice, Date.now());
    const device = await this.#options.ask(choice);
    this.#known.set(choice, device);
    await this.#options.store.put(keyOf(choice), encodeJson(device));
    return device;
  }
}

function keyOf(choice: BackendChoice): string {
  return `devices/${choice}.json`;
}

function readDevice(setting: string): Device {
  try {
    return DeviceSchema.parse({ reason: "CLEARSTACK_DEVICE says so", ...JSON.parse(setting) });
  } catch (error) {
    const { message } = toClearstackError(error);
    throw new ClearstackError(
      "invalid-request",
      `CLEARSTACK_DEVICE is no device (${message}): set it to what GET /v1/device of an instance answers`,
    );
  }
}
