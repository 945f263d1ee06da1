/** The command line: every function in one process. */
import { ClearstackError, errorToRecord, isClearstackError, toClearstackError } from "shared/errors.ts";
import { instructGpuDrivers } from "shared/process/gpu_drivers.ts";
import { type BareIo, type Command, guardedIo, type Io, ReaderGone } from "./io.ts";
import { onInterrupt } from "./on_interrupt.ts";

/** Commands are loaded when they are asked for, so that starting costs no more than the command needs. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  deconvolve: async () => (await import("./commands/deconvolve.ts")).deconvolveCommand,
  plan: async () => (await import("./commands/plan.ts")).planCommand,
  convert: async () => (await import("./commands/convert.ts")).convertCommand,
  info: async () => (await import("./commands/info.ts")).infoCommand,
  reproduce: async () => (await import("./commands/reproduce.ts")).reproduceCommand,
  show: async () => (await import("./show/show.ts")).showCommand,
  psf: async () => (await import("./commands/psf/psf.ts")).psfCommand,
  view: async () => (await import("./commands/view.ts")).viewCommand,
  serve: async () => (await import("./commands/serve.ts")).serveCommand,
  keys: async () => (await import("./commands/keys.ts")).keysCommand,
  demo: async () => (await import("./demo/demo.ts")).demoCommand,
  doctor: async () => (await import("./doctor/doctor.ts")).doctorCommand,
  help: async () => (await import("./commands/help.ts")).helpCommand,
};

/** Exit status of programs whose reader is gone: 128 and the number of the signal SIGPIPE, which ends most of them. */
const READER_GONE = 141;

const HELP_FLAGS = ["--help", "-h"];
const VERSION_FLAGS = ["--version", "-V"];

/**
 * Runs one command line.
 *
 * @param args without the program's name
 * @returns the exit status: 0 done, 2 bad usage or input, 1 failed, 141 nobody reads the results any more
 */
export async function run(args: readonly string[], bare: BareIo): Promise<number> {
  const io = guardedIo(bare);
  try {
    return await runCommand(args, io);
  } catch (thrown) {
    if (thrown instanceof ReaderGone) return READER_GONE;
    throw thrown;
  }
}

async function runCommand([name = "help", ...rest]: readonly string[], io: Io): Promise<number> {
  try {
    if (VERSION_FLAGS.includes(name)) return await printVersion(io);
    if (HELP_FLAGS.includes(name)) return await (await COMMANDS.help!())(rest, io);
    if (!Object.hasOwn(COMMANDS, name)) {
      const { expectedInstead } = await import("./flags/did_you_mean.ts");
      const known = [...Object.keys(COMMANDS), ...HELP_FLAGS, ...VERSION_FLAGS];
      io.err(`clearstack: "${name}" is no command: ${expectedInstead(name, known)}\n`);
      return 2;
    }
    if (asksForHelp(rest)) {
      return await (await COMMANDS.help!())(rest.includes("--all") ? [name, "--all"] : [name], io);
    }
    return await (await COMMANDS[name]!())(rest, io);
  } catch (thrown) {
    if (thrown instanceof ReaderGone) throw thrown;
    const error = toClearstackError(thrown);
    const message = await messageOf(error);
    const [line] = message.split("\n");
    io.err(`clearstack: ${isClearstackError(error, "internal") ? `internal error: ${line}` : line}\n`);
    if (rest.includes("--json")) {
      io.out(`${JSON.stringify({ error: { ...errorToRecord(error), message, retryable: error.retryable } })}\n`);
    }
    return error.exitStatus;
  }
}

/** The flags of jobs, which take the whole contract, are loaded for an error that may name one. */
async function messageOf(error: ClearstackError): Promise<string> {
  if (error.path === undefined) return error.message;
  return (await import("./flags/argument_names.ts")).messageInArguments(error);
}

/** True if a flag asks for help; what follows a bare `--` is no flag. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((arg) => HELP_FLAGS.includes(arg));
}

async function printVersion(io: Io): Promise<number> {
  const { VERSION } = await import("shared/version.ts");
  io.out(`clearstack ${VERSION}\n`);
  return 0;
}

async function processIo(): Promise<BareIo> {
  const { readConfig } = await import("shared/config.ts");
  const { freeMemoryBytes } = await import("shared/process/free_memory.ts");
  const encoder = new TextEncoder();
  const env = (name: string) => Deno.env.get(name);
  return {
    out: (text) => {
      try {
        writeAll(Deno.stdout, encoder.encode(text));
      } catch (cause) {
        if (cause instanceof Deno.errors.BrokenPipe) throw new ReaderGone();
        const reason = (cause as Error).message;
        throw new ClearstackError("unwritable", `standard output cannot be written: ${reason}`, { cause });
      }
    },
    err: (text) => {
      try {
        writeAll(Deno.stderr, encoder.encode(text));
      } catch {
        // Whoever read it is gone, such as a terminal that was closed; the work is put in order nevertheless.
      }
    },
    terminalColumns: Deno.stderr.isTerminal() ? Deno.consoleSize().columns : undefined,
    environment: { env },
    config: () => readConfig({ env, freeBytes: freeMemoryBytes() }),
    onInterrupt,
  };
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
}

if (import.meta.main) {
  instructGpuDrivers(Deno.env);
  if (Deno.env.has("OTEL_DENO")) (await import("shared/telemetry/start_telemetry.ts")).startTelemetry();
  Deno.exit(await run(Deno.args, await processIo()));
}
