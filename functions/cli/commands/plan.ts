/** `clearstack plan`: what a job would do, without doing it. */
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { isTiffOutput } from "shared/image/output_form.ts";
import { type Io, worldOf } from "../io.ts";
import { eachSeries } from "shared/image/each_series.ts";
import { jobRequest, PSF_USAGE } from "../flags/job_arguments.ts";
import { JOB_FLAGS } from "../flags/job_flags.ts";
import { parseArguments, type ParsedArguments } from "../flags/parse_arguments.ts";
import { ProgressDisplay } from "./progress_display.ts";
import { planTable } from "./plan_table.ts";
import { writeDrawing } from "../draw/write_drawing.ts";

const FORM = {
  usage: `plan SOURCE [OUTPUT] ${PSF_USAGE}`,
  positionals: ["SOURCE", "OUTPUT"],
  optional: 1,
  flags: { ...JOB_FLAGS, "json": {}, "svg": { form: "a file to draw the plan into" }, "quiet": {}, "verbose": {} },
};

/** Stands for an output that nobody named; a plan does not depend on it. */
const NO_OUTPUT = "memory:unnamed";

export async function planCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const [source, output = NO_OUTPUT] = parsed.positionals as [string, string?];
  const request = await jobRequest(parsed, [source, output], io);
  const requests = await eachSeries(request, io);
  if (requests.length > 1 && parsed.has("svg")) {
    throw new ClearstackError(
      "invalid-request",
      "--svg draws one plan: name one image with --path in place of --series all",
    );
  }
  for (const one of requests) await planOne(one, { parsed, io, several: requests.length > 1 });
  return 0;
}

/** Plans one image and prints the plan. */
async function planOne(
  request: JobRequest,
  { parsed, io, several }: { readonly parsed: ParsedArguments; readonly io: Io; readonly several: boolean },
): Promise<void> {
  const { prepareLocalJob } = await import("functions/library/run_local.ts");
  const display = parsed.has("quiet") ? undefined : new ProgressDisplay(io);
  display?.start();
  const { plan, device } = await prepareLocalJob(request, worldOf(io)).finally(() => display?.end());
  if (!parsed.has("quiet")) { for (const { level, message } of plan.warnings) io.err(`${level}: ${message}\n`); }
  const file = parsed.value("svg");
  if (file !== undefined) {
    const { planSvg } = await import("../draw/plan_svg.ts");
    await writeDrawing(file, planSvg(plan));
  }
  if (parsed.has("json")) return io.out(`${JSON.stringify(plan)}\n`);
  const table = planTable(plan, device, {
    hostLimit: request.memoryBytes ?? device.hostBytes,
    verbose: parsed.has("verbose"),
    tiff: isTiffOutput(request.output.url),
  });
  io.out(several ? `image ${request.source.path}\n${table}\n` : table);
}
