/** `clearstack help`: what there is, and what each command takes. */
import { DEFAULT_DEVICE_BYTES } from "shared/config.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import type { Io } from "../io.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { PSF_HELP } from "./psf/psf_help.ts";

const OVERVIEW = `Clearstack deconvolves image volumes of any size (Richardson-Lucy).

  clearstack deconvolve SOURCE OUTPUT --psf PSF   deconvolve an image into an OME-Zarr
  clearstack plan SOURCE [OUTPUT] --psf PSF       show what would be done, and what it takes
  clearstack info SOURCE                          tell what is known of an image: axes, chunks, levels, where it came from
  clearstack convert SOURCE OUTPUT                store a TIFF or any other image as an OME-Zarr of the same voxels
  clearstack reproduce OUT                        print the command that makes an output of Clearstack again
  clearstack psf TASK                             generate, inspect, resample, average PSFs, or measure them in beads
  clearstack serve                                accept jobs over HTTP
  clearstack keys TASK                            make, list or remove the API keys of a service
  clearstack demo                                 make a sample, deconvolve it, show before and after
  clearstack doctor                               look at this machine: GPU, memory, a kernel run
  clearstack help COMMAND                         what a command takes
  clearstack --version

Exit status: 0 done, 2 bad usage or input, 1 failed.
`;

const JOB_HELP =
  `SOURCE, PSF and OUTPUT are paths or URLs. SOURCE is a Zarr array or group, an OME-Zarr or a TIFF; PSF a Zarr array or a
TIFF; OUTPUT becomes an OME-Zarr.

  --psf PSF              the point spread function; it is normalised to sum 1. Given once for each channel, in their order,
                         each has its own
  --iterations 20        how often the estimate is improved, or at most (--stop)
  --boundary symmetric   what lies outside the image: periodic, symmetric, nearest, constant, or non-circulant (unknown)
  --boundary-value 0     the value outside, with --boundary constant
  --acceleration none    none, shb or biggs: fewer iterations for the same sharpness
  --start data           first estimate: data (the image) or flat
  --background 0         constant light that is not of the object; auto estimates it once for each channel
  --tv 0                 weight of total variation, 0 to 0.1: smooths noise, keeps edges; 0.002 is a start
  --damping 0            do not fit differences within so many standard deviations of the photon noise; 2 or 3 is usual
  --saturation off       value from which the image is saturated; auto: the most its integer type can hold
  --back-projector P     matched, or wiener-butterworth (preview): takes fewer iterations, does not keep intensities
  --otf-precision P      float32, or float16: a GPU takes less memory and time, and errs by some 1e-4 of the peak
  --stop fixed           fixed: --iterations; divergence or held-out: as many as the image bears, at most --iterations
  --stop-tolerance 5e-4  with --stop divergence: least relative fall of the I-divergence that is worth an iteration
  --photons-per-unit 1   photons that a unit of the image stands for (--stop held-out, --damping); floats need it
  --seed 0               of the random samples that decide for the whole image
  --tile auto            Z,Y,X voxels that one tile writes (Y,X for a 2-D image)
  --halo auto            Z,Y,X voxels read around each tile
  --ome-version 0.5      of OUTPUT: 0.5 (Zarr v3), or 0.4 (Zarr v2) for programs that do not read 0.5
  --shards auto          Z,Y,X voxels that share one stored object; none: each chunk is one; auto: 64 MiB of voxels where
                         there are more than 1000 chunks
  --no-pyramid           full resolution only, without the coarser levels that viewers open first
  --backend auto         auto (a GPU if there is one), webgpu or cpu
  --memory SIZE          memory to stay within, such as 2GiB; default 60 % of what is free, at most 16 GiB
  --seam-check auto      places where tiles meet that are computed once more to measure the seams; 0 for none, auto for one
                         in every 8 tiles, from 1 to 4
  --path P, --psf-path P an array inside a group
  --axes zyx             axes of a SOURCE that does not state them, in the order tczyx; --psf-axes for a PSF
  --channel 0,2          channels to deconvolve, by index or name (--channel DAPI), in the order of OUTPUT
  --time 0:10            time points to deconvolve: one, or START:STOP:STEP without STOP
  --psf-channel N        the channel to take of a PSF that has several; else each is the PSF of its channel of SOURCE
`;

const HELP: Readonly<Record<string, string>> = {
  deconvolve: `clearstack deconvolve SOURCE OUTPUT --psf PSF [flags]

${JOB_HELP}  --resume               continue an unfinished OUTPUT, or accept a finished one, of the same plan
  --overwrite            replace an OUTPUT that exists
  --json                 print the result as one JSON object
  --quiet                no progress

An interrupted run is continued by running the same command again. Progress goes to standard error.
CLEARSTACK_MEMORY sets the default of --memory; CLEARSTACK_DEVICE_MEMORY what may be used of a GPU's memory (default ${
    formatBytes(DEFAULT_DEVICE_BYTES)
  }).
`,
  plan: `clearstack plan SOURCE [OUTPUT] --psf PSF [flags]

${JOB_HELP}  --json                 print the plan as one JSON object
  --svg FILE             draw array, chunks, tiles and halo to scale

Nothing is computed and nothing but FILE is written.
`,
  convert: `clearstack convert SOURCE OUTPUT [flags]

  --path P               an array inside a group
  --axes zyx             axes of a SOURCE that does not state them, in the order tczyx
  --scale Z,Y,X          the size of a voxel, where SOURCE does not tell it or tells it wrong (Y,X for a 2-D image)
  --unit micrometer      of --scale; without it, that of SOURCE
  --ome-version 0.5      of OUTPUT: 0.5 (Zarr v3), or 0.4 (Zarr v2) for programs that do not read 0.5
  --shards auto          Z,Y,X voxels that share one stored object; none: each chunk is one; auto: 64 MiB of voxels where
                         there are more than 1000 chunks
  --no-pyramid           full resolution only, without the coarser levels that viewers open first
  --memory SIZE          memory to stay within, such as 2GiB; default 60 % of what is free, at most 16 GiB
  --resume               continue an unfinished OUTPUT, or accept a finished one, of the same SOURCE
  --overwrite            replace an OUTPUT that exists
  --json                 print the result as one JSON object
  --quiet                no progress

SOURCE is a path or a URL of a TIFF, a Zarr array or group, or an OME-Zarr. Voxels keep their type and every bit; names of channels,
voxel sizes and units are kept. Coarser levels are of the same type: means, of integers rounded to the nearest. Give labels
--no-pyramid: a mean of labels is none. An interrupted run is continued by running the same command again.
`,
  info: `clearstack info SOURCE [flags]

  --path P               an array inside a group
  --axes zyx             axes of a SOURCE that does not state them, in the order tczyx
  --svg FILE             draw the image to scale, with its chunks and shards
  --json                 print everything as one JSON object

SOURCE is a path or a URL of a Zarr array or group, an OME-Zarr or a TIFF; of an output of Clearstack it is also told whether it is
finished, and where it came from. Metadata are read, and no voxel.
`,
  reproduce: `clearstack reproduce OUT [AGAIN] [flags]

  --json                 print the command, its words and the warnings as one JSON object
  --quiet                no warnings

Prints the command that makes the output OUT again, with everything that was decided for it, writing to AGAIN (OUT-again if not
given). Warns if the source, the PSF or the version of Clearstack is no longer the same.
`,
  psf: PSF_HELP,
  serve: `clearstack serve [flags]

  --host 127.0.0.1       address to listen on; 0.0.0.0 for every network
  --port 8080            port to listen on; 0 for any free one
  --jobs DIR             keep the status of jobs here; unfinished ones are continued after a restart
  --allow PREFIX         path or URL below which sources, PSFs and outputs may lie; may be repeated
  --keys FILE            let in only who has a key of this file (clearstack keys)
  --events RULES         start jobs when files are uploaded: a file, a URL or JSON, see docs/events.md
  --insecure             let anybody in on another address than this machine's own

Without --allow and --keys, a server on this machine's own address (127.0.0.1, ::1, localhost) uses any path or URL; any other
uses none that is not listed, and of those that are whole schemes (https://) only what is of the public internet.
CLEARSTACK_OIDC and CLEARSTACK_QUOTAS: see docs/security.md.
`,
  keys: `clearstack keys create ID --file FILE [--roles submit] [--days N] [--quiet]
clearstack keys list --file FILE
clearstack keys remove ID --file FILE

Makes a key and prints it, once; FILE keeps its hash. Roles: read (see one's own jobs), submit (start and cancel them too),
admin (those of everybody). A service reads FILE again every ten seconds.
`,
  demo: `clearstack demo [flags]

  --dir clearstack-demo  folder to write to; files of an earlier demo there are replaced
  --iterations 30        how often the estimate is improved
  --backend auto         auto (a GPU if there is one), webgpu or cpu

Makes a sample with a known truth, serves it, deconvolves it over HTTP, and writes pictures of before and after.
`,
  doctor: `clearstack doctor [--json]

Tells which GPU is used and why, its limits, the memory, and whether the kernels compute what they should.
`,
  help: `clearstack help [COMMAND]
`,
};

/** Runs the command. */
export function helpCommand(args: readonly string[], io: Io): Promise<number> {
  const { positionals: [command] } = parseArguments(args, {
    usage: "help [COMMAND]",
    flags: {},
    positionals: ["COMMAND"],
    optional: 1,
  });
  if (command !== undefined && !Object.hasOwn(HELP, command)) {
    const known = Object.keys(HELP).join(", ");
    throw new ClearstackError("invalid-request", `"${command}" is no command: expected one of ${known}`);
  }
  io.out(command === undefined ? OVERVIEW : HELP[command]!);
  return Promise.resolve(0);
}
