/** `clearstack serve`: endpoint, orchestrator, views and kernels in one process, jobs and views over HTTP. */
import type { ServiceOptions } from "functions/library/start_service.ts";
import { readCorsOrigins } from "shared/http/cors_origins.ts";
import { isLoopback, requireAuthentication } from "shared/http/listen_address.ts";
import { textLog } from "shared/telemetry/log.ts";
import { isSwitchedOn } from "shared/storage/store_environment.ts";
import { wholeNumber } from "../flags/argument_values.ts";
import type { Io } from "../io.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { PORT_FORM, untilInterrupted } from "./until_interrupted.ts";

const FORM = {
  usage: "serve",
  positionals: [],
  flags: {
    "host": { form: "an address, such as 127.0.0.1" },
    "port": { form: PORT_FORM },
    "view-cache": { form: "a folder or URL to keep views and what was computed of them in" },
    "jobs": { form: "a folder or URL to keep the status of jobs in" },
    "allow": { form: "a path or URL below which sources and outputs may lie", repeatable: true },
    "keys": { form: "a file of keys, as `clearstack keys` writes it" },
    "events": { form: "the rules of upload events: a file, a URL, or JSON" },
    "insecure": {},
    "quiet": {},
  },
};

/** Runs the command until it is interrupted. */
export async function serveCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const host = parsed.value("host") ?? "127.0.0.1";
  const allow = parsed.values("allow");
  const { openAuth, startService } = await import("functions/library/start_service.ts");
  const auth = await openAuth(parsed.value("keys"), io.environment);
  const insecure = parsed.has("insecure") || isSwitchedOn(io.environment, "CLEARSTACK_INSECURE");
  requireAuthentication(host, { apart: auth !== undefined || insecure, mend: "--keys FILE or CLEARSTACK_OIDC" });
  const allowedUrls = allow.length === 0 && isLoopback(host) && auth === undefined ? "any" : allow;
  const jobs = parsed.value("jobs");
  const viewCache = parsed.value("view-cache");
  const service = await startService({
    config: io.config(),
    environment: io.environment,
    host,
    port: wholeNumber("port", parsed.value("port") ?? "8080", PORT_FORM, [0, 65535]),
    allowedUrls,
    auth,
    insecure,
    corsOrigins: readCorsOrigins(io.environment.env),
    events: parsed.value("events"),
    log: parsed.has("quiet") ? undefined : textLog((line) => io.err(`${line}\n`)),
    ...(viewCache === undefined ? {} : { viewCache }),
    ...(jobs === undefined ? {} : { jobs }),
  });
  io.out(`${service.url}\n`);
  if (!parsed.has("quiet")) {
    io.err(
      `${
        describeAccess(allowedUrls, host)
      }\nOpen ${service.url} in a browser to start jobs and follow them, or try: curl ${service.url}/\n`,
    );
  }
  return await untilInterrupted(io, service);
}

function describeAccess(allowed: ServiceOptions["allowedUrls"], host: string): string {
  if (allowed === "any") return "Only this machine can connect; jobs may name any path and URL this user can use.";
  const prefixes = "sources" in allowed ? [...allowed.sources, ...allowed.outputs] : allowed;
  if (prefixes.length === 0) return "No path or URL is allowed, so every job is refused: give --allow PREFIX.";
  const who = isLoopback(host) ? "" : "Keys go over the network as they are: put TLS in front. ";
  return `${who}Jobs may name paths and URLs below ${prefixes.join(", ")}.`;
}
