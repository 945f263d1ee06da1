/** `clearstack help`: what there is, and what each command takes. */
import { DEFAULT_DEVICE_BYTES } from "shared/config.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import type { Io } from "../io.ts";
import { expectedInstead } from "../flags/did_you_mean.ts";
import { flagHelp } from "../flags/flag_help.ts";
import type { JobFlag } from "../flags/job_flag.ts";
import { programWords } from "../program_words.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { PSF_HELP } from "./psf/psf_help.ts";

const OVERVIEW = `Clearstack deconvolves image volumes of any size (Richardson-Lucy).

  clearstack deconvolve SOURCE OUTPUT (--psf PSF | --na NA --index N ...)
                              deconvolve an image into an OME-Zarr or TIFF
  clearstack plan SOURCE [OUTPUT] (--psf PSF | --na NA --index N ...)
                              show what a job would do and need
  clearstack show SOURCE [RESULT]
                              look at an image, and at what became of it, in
                              the browser
  clearstack info SOURCE      describe an image: axes, chunks, provenance
  clearstack convert SOURCE OUTPUT
                              store an image as an OME-Zarr or TIFF of the
                              same voxels
  clearstack reproduce OUT    print the command that makes an output again
  clearstack psf TASK         generate, inspect, resample or average PSFs, or
                              measure them in beads
  clearstack view IMAGE --psf PSF
                              look at an image in any viewer while it is
                              deconvolved, tile by tile as they are looked at
  clearstack serve            serve jobs and views over HTTP
  clearstack keys TASK        create, list or remove API keys
  clearstack demo             deconvolve a sample, and show before and after
  clearstack doctor           check this machine: GPU, memory, a kernel run
  clearstack help COMMAND     list the flags of a command (also COMMAND -h);
                              --all adds those that are rarely needed
  clearstack --version        print the version (also -V)

Exit status: 0 done, 2 bad usage or input, 1 failed.
`;

const PLACES = `SOURCE, PSF and OUTPUT are paths or URLs. SOURCE is a Zarr array or group, an
OME-Zarr or a TIFF. PSF is a Zarr array or a TIFF; --na, --index and --emission
have one computed instead, each of them by default what SOURCE states. OUTPUT
becomes an OME-Zarr, or a TIFF if its name ends in .tif or .tiff.`;

const JSON_FLAG = `  --json                 print the result as one JSON object
`;
const QUIET_FLAG = `  --quiet                show no progress
`;

/** Flags of jobs that most people need; the others are listed where all are asked for. */
const COMMON = [
  ...["psf", "na", "index", "emission", "channel", "time", "crop", "iterations", "background", "tv"],
  ...["backend", "memory", "dtype", "strict", "overwrite"],
];

/** Help on flags of a job, of all or of the common ones, and how many are left out. */
function jobFlagHelp(flags: Readonly<Record<string, JobFlag>>, isAll: boolean): { listed: string; rest: string } {
  const names = Object.keys(flags).filter((name) => isAll || COMMON.includes(name));
  const left = Object.keys(flags).length - names.length;
  return {
    listed: flagHelp(Object.fromEntries(names.map((name) => [name, flags[name]!]))),
    rest: left === 0 ? "" : `  --help --all           list the other ${left} flags too\n`,
  };
}

/** Help of commands whose flags describe themselves; loaded when asked for, since it takes the whole contract. */
const DESCRIBED: Readonly<Record<string, (isAll: boolean) => Promise<string>>> = {
  async deconvolve(isAll) {
    const { JOB_FLAGS } = await import("../flags/job_flags.ts");
    const { listed, rest } = jobFlagHelp(JOB_FLAGS, isAll);
    const ofClusters = `  --array-task I/N       compute every Nth tile from tile I on: for N tasks of a
                         cluster's scheduler, of which the last finishes OUTPUT
`;
    return `clearstack deconvolve SOURCE OUTPUT --psf PSF [flags]
clearstack deconvolve SOURCE OUTPUT --na NA --index N --emission NM [flags]

${PLACES}

${listed}${isAll ? ofClusters : ""}${JSON_FLAG}${QUIET_FLAG}${rest}
To continue an interrupted run, run the same command again. Progress goes to
standard error. CLEARSTACK_MEMORY sets the default of --memory.
CLEARSTACK_DEVICE_MEMORY limits the GPU memory that is used (default ${formatBytes(DEFAULT_DEVICE_BYTES)}).
`;
  },
  async plan(isAll) {
    const { JOB_FLAGS } = await import("../flags/job_flags.ts");
    const { resume: _resume, overwrite: _overwrite, ...flags } = JOB_FLAGS;
    const { listed, rest } = jobFlagHelp(flags, isAll);
    return `clearstack plan SOURCE [OUTPUT] --psf PSF [flags]
clearstack plan SOURCE [OUTPUT] --na NA --index N --emission NM [flags]

${PLACES}

${listed}  --json                 print the plan as one JSON object
  --svg FILE             draw array, chunks, tiles and halo to scale
  --verbose              show what memory is for
  --quiet                no warnings
${rest}
The time is an estimate. CLEARSTACK_PRICE_PER_GPU_SECOND and CLEARSTACK_CURRENCY
set the price of a cost. Nothing is computed, and nothing but FILE is written.
`;
  },
  async view(isAll) {
    const { VIEW_FLAGS } = await import("./view.ts");
    const { listed, rest } = jobFlagHelp(VIEW_FLAGS, isAll);
    return `clearstack view IMAGE --psf PSF [flags]

Prints the URLs of an OME-Zarr 0.5 and 0.4 that viewers on this machine can
read, and answers them until Ctrl+C. A tile is computed when somebody looks at
it, and the next one along z ahead of time.

${listed}  --port 0               port to listen on; 0 for any free one
  --cache DIR            folder or URL that keeps what was computed; otherwise it
                         is removed at the end
  --json                 print the view as one JSON object
  --quiet                print the URLs alone
${rest}`;
  },
  async convert() {
    const { CONVERSION_FLAGS } = await import("../conversion/conversion_arguments.ts");
    return `clearstack convert SOURCE OUTPUT [flags]

${flagHelp(CONVERSION_FLAGS)}${JSON_FLAG}${QUIET_FLAG}
SOURCE is a path or a URL of a TIFF, a Zarr array or group, or an OME-Zarr.
OUTPUT becomes an OME-Zarr, or a TIFF if its name ends in .tif or .tiff.
Voxels keep their type and every bit. Channel names, voxel sizes and units are
kept. Coarser levels have the same type: they hold means, rounded for integers.
Use --no-pyramid for labels, because a mean of labels is no label. To continue
an interrupted run, run the same command again.
`;
  },
};

const HELP: Readonly<Record<string, string>> = {
  info: `clearstack info SOURCE [flags]

  --path P               an array inside a group
  --axes zyx             axes of a SOURCE that does not state them, in the order
                         tczyx
  --pages as-stated      as-listed takes the pages of a TIFF that are there
  --svg FILE             draw the image to scale, with its chunks and shards
  --json                 print everything as one JSON object

SOURCE is a path or a URL of a Zarr array or group, an OME-Zarr, a zip of one, a
TIFF, or a folder or a pattern of TIFFs of one plane each ("img_*.tif"). For an
output of Clearstack, the command also shows whether it is finished and where it
came from. Only metadata are read, never voxels.
`,
  reproduce: `clearstack reproduce OUT [AGAIN] [flags]

  --json                 print the command, its words and the warnings as one
                         JSON object
  --quiet                no warnings

Prints the command that makes the output OUT again, with every decision that was
made for it. The new output is AGAIN, by default OUT-again. You are warned if
the source, the PSF or the version of Clearstack has changed.
`,
  psf: PSF_HELP,
  show: `clearstack show SOURCE [RESULT] [flags]

Serves the web page on this machine, with the images that it shows: OME-Zarrs
on disk, in a bucket or on a web server. Prints the address of the page, whose
other parts nobody can guess. Ctrl+C ends it.

  --port PORT            port to listen on (default 0: any that is free)
`,
  serve: `clearstack serve [flags]: jobs, views and the kernels in one process

  --host 127.0.0.1       address to listen on; 0.0.0.0 for every network
  --port 8080            port to listen on; 0 for any free one
  --jobs DIR             folder for the status of jobs; unfinished jobs continue
                         after a restart
  --view-cache DIR       folder for views and what was computed of them, which
                         then outlive a restart
  --allow PREFIX         path or URL below which sources, PSFs and outputs may
                         lie; repeat it for several
  --keys FILE            accept only callers with a key from this file
                         (clearstack keys)
  --events RULES         start jobs when files are uploaded: a file, a URL or
                         JSON, see docs/events.md
  --insecure             accept anybody on an address other than this machine's
                         own
  --quiet                print the address alone

Without --allow and --keys, a server on this machine's own address (127.0.0.1,
::1, localhost) uses any path or URL. Any other server uses only what is listed;
of a whole scheme (https://) it uses only the public internet.
CLEARSTACK_OIDC and CLEARSTACK_QUOTAS: see docs/security.md.
`,
  keys: `clearstack keys create ID --file FILE [--roles submit] [--days N]
                       [--quiet]
clearstack keys list --file FILE
clearstack keys remove ID --file FILE
clearstack keys webhook OWNER

Creates a key and prints it once; FILE keeps its hash. Roles: read (see your own
jobs), submit (also start and cancel them), admin (the jobs of everybody, and
priorities above 5). A service reads FILE again every ten seconds. webhook
prints the secret that signs the webhooks of an owner (a key's ID), made from
CLEARSTACK_WEBHOOK_SECRET.
`,
  demo: `clearstack demo [flags]

  --dir clearstack-demo  folder to write to; files of an earlier demo are
                         replaced
  --iterations N         number of iterations; chosen by the noise by default
  --backend auto         auto (a GPU if there is one), webgpu or cpu

Makes a sample with a known truth, serves it, deconvolves it over HTTP, and
writes pictures of before and after.
`,
  doctor: `clearstack doctor [--json]

Shows which GPU is used and why, its limits, the memory, and whether the kernels
compute the right values.
`,
  help: `clearstack help [COMMAND] [--all]

  --all                  list every flag of deconvolve, plan or view, not only
                         those that most people need
`,
};

export async function helpCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, {
    usage: "help [COMMAND]",
    flags: { "all": {} },
    positionals: ["COMMAND"],
    optional: 1,
  });
  const [command] = parsed.positionals;
  io.out(command === undefined ? OVERVIEW + howToCall(io) : await helpOf(command, parsed.has("all")));
  return 0;
}

/** What stands for the name of the program where it is no command by itself. */
function howToCall({ environment }: Io): string {
  const program = programWords(environment).join(" ");
  return program === "clearstack" ? "" : `Here, ${program} stands for clearstack.\n`;
}

async function helpOf(command: string, isAll: boolean): Promise<string> {
  if (Object.hasOwn(DESCRIBED, command)) return await DESCRIBED[command]!(isAll);
  if (Object.hasOwn(HELP, command)) return HELP[command]!;
  const known = [...Object.keys(DESCRIBED), ...Object.keys(HELP)];
  throw new ClearstackError("invalid-request", `"${command}" is no command: ${expectedInstead(command, known)}`);
}
