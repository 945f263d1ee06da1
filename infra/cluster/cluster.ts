/**
 * The whole service on this machine, every part a server of its own on the loopback interface: an S3 store, Restate, the
 * functions. It is what infra deploys, in small.
 */
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { s3Client } from "shared/storage/s3/s3_client.ts";
import { balance, type Balancer } from "./balancer.ts";
import { keepRunning, type Onlooker } from "./keep_running.ts";
import { pause } from "shared/process/pause.ts";
import { makeIdentityKey } from "./identity_key.ts";
import { ObjectServer } from "./object_server.ts";
import { type RestateServer, restateServer } from "./restate_server.ts";
import { answers, freePort, ServerProcess } from "./server_process.ts";

const ROOT = new URL("../../", import.meta.url);
const BUCKET = "clearstack";

/** Between two looks at the gateway of the object store, which is no child of this process. */
const GATEWAY_LOOK_MS = 2000;

/** A command that serves a function, on the address that HOST and PORT name. */
interface FunctionCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface ClusterOptions {
  /** Holds logs and what the servers keep. */
  readonly folder: string;
  /** Instances of the `deconvolve` function. */
  readonly instances: number;
  /** Processes of the `orchestrate` function, behind a balancer. @default {1} */
  readonly orchestrators?: number;
  /** How a function is started. @default {from the checkout, as its task in deno.json does} */
  readonly program?: (name: string) => FunctionCommand;
  /**
   * Settings of a function beside its own, once the store is there.
   *
   * @default {none}
   */
  readonly settings?: (name: string) => Readonly<Record<string, string>>;
  /** Starts an instance of `deconvolve` when somebody connects and none lives, as Knative does. @default {false} */
  readonly onDemand?: boolean;
  /** Proxy between the functions and the store. @default {nothing} */
  readonly storeProxy?: (endpoint: string) => string;
  /** Told what is being started. */
  readonly tell?: (line: string) => void;
  /**
   * Told of servers that end by themselves, which are then started again, and of warnings and errors in their logs.
   *
   * @default {they stay as they are}
   */
  readonly onTrouble?: (line: string) => void;
}

/** A running cluster. */
export class Cluster implements AsyncDisposable {
  readonly bucketUrl = `s3://${BUCKET}`;
  readonly #options: ClusterOptions;
  readonly #token = crypto.randomUUID();
  #objects: ObjectServer | undefined;
  #restate: RestateServer | undefined;
  readonly #balancers: Balancer[] = [];
  readonly #closing = new AbortController();
  #watching: Promise<unknown> = Promise.resolve();
  readonly #functions = new Map<string, { readonly server: ServerProcess; readonly url: string }>();

  private constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /**
   * Starts everything and waits until it answers; what was started is stopped again if a part of it fails.
   *
   * @throws {Error} which part, and why
   */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    try {
      await cluster.#start();
      cluster.#keepRunning();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** URL that jobs are posted to. */
  get apiUrl(): string {
    return this.#functions.get("api")!.url;
  }

  /** What reaches the stores of the cluster from this process. */
  get environment(): StoreEnvironment {
    return { env: (name) => this.objects.environment[name] };
  }

  get objects(): ObjectServer {
    return this.#objects!;
  }

  get restate(): RestateServer {
    return this.#restate!;
  }

  /** Servers by name: restate, pyramid, api, orchestrate-1, deconvolve-1 and so on. */
  get servers(): ReadonlyMap<string, ServerProcess> {
    return new Map([
      ["restate", this.restate.process],
      ...[...this.#functions].map(([name, { server }]) => [name, server] as const),
    ]);
  }

  /** URLs by name. */
  get urls(): ReadonlyMap<string, string> {
    const { ingressUrl, adminUrl } = this.restate;
    return new Map([
      ["s3", this.objects.environment.AWS_ENDPOINT_URL!],
      ["restate ingress", ingressUrl],
      ["restate admin", adminUrl],
      ...[...this.#functions].map(([name, { url }]) => [name, url] as const),
    ]);
  }

  /** Stops everything, those who call before those who are called. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#watching;
    for (const { server } of [...this.#functions.values()].reverse()) await server.stop();
    for (const balancer of this.#balancers) balancer.close();
    await this.#restate?.process.stop();
    await this.#objects?.stop();
  }

  async #start(): Promise<void> {
    const { folder, instances, orchestrators = 1, storeProxy = (endpoint) => endpoint, tell = () => {} } =
      this.#options;
    tell("object store (Ceph's S3 gateway)");
    this.#objects = await ObjectServer.start(folder);
    const { environment } = this.objects;
    await makeBucket(this.environment);
    const store = { ...environment, AWS_ENDPOINT_URL: storeProxy(environment.AWS_ENDPOINT_URL!) };
    tell("Restate");
    const identity = await makeIdentityKey(folder);
    this.#restate = await restateServer({ folder, identity });
    await this.#restate.process.start();
    const common = { ...store, CLEARSTACK_TOKEN: this.#token, CLEARSTACK_ALLOW: this.bucketUrl, HOST: "127.0.0.1" };
    const names = Array.from({ length: instances }, (_, index) => `deconvolve-${index + 1}`);
    tell(`${instances} x deconvolve, pyramid`);
    const computing = { ...common, CLEARSTACK_MEMORY: "1GiB" };
    const started = [
      ...names.map((name) => this.#serve(name, "deconvolve", computing)),
      this.#serve("pyramid", "pyramid", common),
    ];
    await Promise.all(started);
    tell(`${orchestrators} x orchestrate, api`);
    const restatePorts = Array.from({ length: orchestrators }, freePort);
    const restateUrl = this.#balanced(restatePorts);
    const orchestrating = {
      ...common,
      CLEARSTACK_ENGINE: "restate",
      CLEARSTACK_RESTATE_INGRESS: this.#restate.ingressUrl,
      CLEARSTACK_RESTATE_ADMIN: this.#restate.adminUrl,
      CLEARSTACK_RESTATE_ENDPOINT: restateUrl,
      RESTATE_IDENTITY_KEY: identity.publicKey,
      CLEARSTACK_TILES_URL: names.map((name) => this.#functions.get(name)!.url).join(" "),
      CLEARSTACK_PYRAMID_URL: this.#functions.get("pyramid")!.url,
      CLEARSTACK_JOBS: `${this.bucketUrl}/state`,
    };
    const orchestrateNames = restatePorts.map((_, index) => `orchestrate-${index + 1}`);
    await Promise.all(
      orchestrateNames.map((name, index) =>
        this.#serve(name, "orchestrate", { ...orchestrating, CLEARSTACK_RESTATE_PORT: `${restatePorts[index]}` })
      ),
    );
    const runsUrl = this.#balanced(
      orchestrateNames.map((name) => Number(new URL(this.#functions.get(name)!.url).port)),
    );
    await this.#serve("api", "api", { ...common, CLEARSTACK_RUNS_URL: runsUrl });
  }

  #keepRunning(): void {
    const { onTrouble: tell } = this.#options;
    if (!tell) return;
    const onlooker = { tell, closing: this.#closing.signal };
    for (const server of this.servers.values()) keepRunning(server, onlooker);
    this.#watching = this.#keepGateway(onlooker);
  }

  async #keepGateway({ tell, closing }: Onlooker): Promise<void> {
    for (; !closing.aborted; await pause(GATEWAY_LOOK_MS, closing)) {
      if (await this.objects.gatewayRuns()) continue;
      tell("the gateway of the object store ended: starting it again");
      await this.objects.startGateway().catch((error) => tell(`it did not start: ${error.message}`));
    }
  }

  #balanced(ports: readonly number[], awake?: () => Promise<void>): string {
    const balancer = balance(ports, awake);
    this.#balancers.push(balancer);
    return `http://127.0.0.1:${balancer.port}`;
  }

  async #serve(name: string, folder: string, env: Readonly<Record<string, string>>): Promise<void> {
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    const { program = fromCheckout, settings = () => ({}), onDemand = false } = this.#options;
    const { command, args, env: own } = program(folder);
    const server = new ServerProcess({
      ...{ name, command, args },
      env: { ...own, ...env, ...settings(folder), PORT: `${port}` },
      logFolder: this.#options.folder,
      ready: answers(`${url}/healthz`),
    });
    if (onDemand && folder === "deconvolve") {
      this.#functions.set(name, { server, url: this.#balanced([port], startedOnDemand(server)) });
      return;
    }
    this.#functions.set(name, { server, url });
    await server.start();
  }
}

/** Resolves once the server runs, which it starts if it does not. */
function startedOnDemand(server: ServerProcess): () => Promise<void> {
  let starting: Promise<void> | undefined;
  return () => {
    if (server.pid === undefined) starting = undefined;
    return starting ??= server.start();
  };
}

function fromCheckout(name: string): FunctionCommand {
  const main = new URL(`functions/${name}/main.ts`, ROOT).href;
  return { command: Deno.execPath(), args: ["run", "--quiet", `-P=${name}`, "--no-prompt", main] };
}

async function makeBucket(environment: StoreEnvironment): Promise<void> {
  const send = s3Client(BUCKET, environment, {});
  await send({ method: "PUT", path: "", what: "the bucket of the cluster" }, (response) => response.body?.cancel());
}
