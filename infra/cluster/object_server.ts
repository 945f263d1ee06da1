/** Ceph's S3 gateway, apart from any other on this machine. */
import { freePort } from "./server_process.ts";

const SCRIPT = new URL("../object_stores/ceph_rgw.sh", import.meta.url);

/** A gateway and the store behind it. */
export class ObjectServer {
  /** Variables that reach it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #folder: string;

  private constructor(folder: string, settings: Readonly<Record<string, string>>, said: string) {
    this.#folder = folder;
    this.#settings = settings;
    this.environment = Object.fromEntries(said.trim().split("\n").map((line) => line.split(/=(.*)/).slice(0, 2)));
  }

  /**
   * Starts it; its state lies below the folder.
   *
   * @param bytes memory that its objects may take; the script's default unless given
   * @throws {Error} why it cannot run here
   */
  static async start(folder: string, bytes?: number): Promise<ObjectServer> {
    // The port below is its monitor's.
    let port = freePort();
    while (!isFree(port - 1)) port = freePort();
    const settings = {
      CLEARSTACK_CEPH_RUN: `${folder}/ceph`,
      CLEARSTACK_CEPH_PORT: `${port}`,
      ...(bytes === undefined ? {} : { CLEARSTACK_CEPH_BYTES: `${bytes}` }),
    };
    try {
      return new ObjectServer(`${folder}/ceph`, settings, await script("start", settings));
    } catch (error) {
      await script("stop", settings).catch(() => {});
      throw error;
    }
  }

  /** Kills the gateway; the objects are kept. */
  async killGateway(): Promise<void> {
    Deno.kill(Number(await Deno.readTextFile(`${this.#folder}/client.rgw.pid`)), "SIGKILL");
  }

  /** True as long as the gateway's process lives. */
  async gatewayRuns(): Promise<boolean> {
    const pid = Deno.readTextFile(`${this.#folder}/client.rgw.pid`);
    return await pid.then((text) => Deno.stat(`/proc/${text.trim()}`)).then(() => true, () => false);
  }

  async startGateway(): Promise<void> {
    await script("gateway", this.#settings);
  }

  /** Ends it and forgets its objects. */
  async stop(): Promise<void> {
    await script("stop", this.#settings);
  }
}

async function script(action: string, env: Readonly<Record<string, string>>): Promise<string> {
  const command = new Deno.Command("bash", { args: [decodeURIComponent(SCRIPT.pathname), action], env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return new TextDecoder().decode(stdout);
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}
