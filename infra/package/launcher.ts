#!/usr/bin/env node
/**
 * The program of the npm package, for Node: runs the command line in the Deno that is installed beside it, as the task of
 * deno.json does, passes signals on, and ends as it ends.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { GLIBC_TUNABLES } from "../deno_config.ts";

const require = createRequire(import.meta.url);
const cli = fileURLToPath(new URL("../dist/clearstack.js", import.meta.url));

/** Path of Deno; ends the process where there is none. */
function findDeno(): string {
  try {
    return require("deno/install_api.cjs").runInstall();
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : error;
    console.error(
      `clearstack: the npm package "deno", which it runs in, is not installed for this machine (${why}): install ` +
        "clearstack anew with optional dependencies, on Linux with glibc, macOS or Windows",
    );
    process.exit(1);
  }
}

// The configuration of whoever's folder this is run in is none of ours; what deno.json of the checkout says is said here.
const flags = ["--no-config", "--unstable-no-legacy-abort", "-A"];

const child = spawn(findDeno(), ["run", ...flags, cli, ...process.argv.slice(2)], {
  stdio: "inherit",
  // What the caller has set stays.
  env: {
    GLIBC_TUNABLES,
    CLEARSTACK_CALLED_AS: process.env.npm_command === "exec" ? "npx clearstack" : "clearstack",
    ...process.env,
  },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`clearstack: Deno cannot be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal!]));
