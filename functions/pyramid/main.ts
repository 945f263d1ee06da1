/**
 * Serves the `pyramid` function. PORT is the port to listen on (default 8083), HOST the address (default 127.0.0.1);
 * CLEARSTACK_TOKEN is what callers must present. Object stores take their credentials from AWS_*, AZURE_* and GOOGLE_*.
 */
import { listenAddress } from "shared/http/listen_address.ts";
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { configureStores } from "shared/storage/store_environment.ts";
import { createPyramidApp } from "./app.ts";
import { reduceTile } from "./reduce_tile.ts";

const env = (name: string) => Deno.env.get(name);
configureStores(servedEnvironment(env));
const token = env("CLEARSTACK_TOKEN");
const app = createPyramidApp({ levels: reduceTile, ...(token === undefined ? {} : { token }) });

const address = listenAddress(env, {
  port: 8083,
  variables: "CLEARSTACK_TOKEN",
  tellsCallersApart: token !== undefined,
});
Deno.serve(address, app.fetch);
