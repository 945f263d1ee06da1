import { assert, assertEquals } from "@std/assert";
import { VERSION } from "shared/version.ts";
import { runCli } from "./run_cli.ts";

const COMMANDS = "deconvolve plan info convert reproduce psf serve keys demo doctor help".split(" ");

Deno.test("without arguments the overview is printed", async () => {
  const { status, out, err } = await runCli([]);
  assertEquals([status, err], [0, ""]);
  for (const command of COMMANDS) assert(out.includes(`clearstack ${command}`), command);
});

for (const command of COMMANDS) {
  Deno.test(`help ${command}, ${command} --help and ${command} -h print the same`, async () => {
    const { status, out } = await runCli(["help", command]);
    assertEquals(status, 0);
    assert(out.startsWith(`clearstack ${command}`), out);
    for (const args of [[command, "--help"], [command, "-h"], ["-h", command], [command, "any", "-h", "--no-flag"]]) {
      assertEquals((await runCli(args)).out, out, args.join(" "));
    }
  });
}

Deno.test("every flag of a job is explained where all are asked for", async () => {
  const { JOB_FLAGS } = await import("functions/cli/flags/job_flags.ts");
  const { out } = await runCli(["help", "deconvolve", "--all"]);
  assertEquals((await runCli(["deconvolve", "-h", "--all"])).out, out);
  for (const flag of [...Object.keys(JOB_FLAGS), "array-task", "json", "quiet"]) {
    assert(out.includes(`\n  --${flag} `), flag);
  }
});

for (const command of ["deconvolve", "plan", "view"]) {
  Deno.test(`help ${command} fits a screen or two, and says how many flags it leaves out`, async () => {
    const flagsIn = (out: string) => new Set([...out.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag!));
    const { out } = await runCli(["help", command]);
    const all = flagsIn((await runCli(["help", command, "--all"])).out);
    const common = flagsIn(out);
    for (const flag of ["--psf", "--na", "--iterations", "--crop", "--json"]) assert(common.has(flag), flag);
    assert(common.isSubsetOf(all.union(new Set(["--help"]))));
    const left = [...all].filter((flag) => !common.has(flag) && flag !== "--array-task").length;
    assert(out.includes(`list the other ${left} flags too`), out);
    // Two screens of 30 lines.
    assert(out.split("\n").length <= 60, `${out.split("\n").length}`);
  });
}

for (const flag of ["--version", "-V"]) {
  Deno.test(`${flag} prints the version`, async () => {
    assertEquals(await runCli([flag]), { status: 0, out: `clearstack ${VERSION}\n`, err: "" });
  });
}

Deno.test("the overview says what stands for the program's name where that is no command by itself", async () => {
  assert((await runCli(["help"])).out.endsWith("\nHere, deno task clearstack stands for clearstack.\n"));
});

Deno.test("all help fits a terminal of 80 columns", async () => {
  for (const args of [[], ...COMMANDS.flatMap((command) => [["help", command], ["help", command, "--all"]])]) {
    const { out } = await runCli(args);
    for (const line of out.split("\n")) assert(line.length <= 80, `${args.join(" ")}: ${line}`);
  }
});

Deno.test("behind a bare -- , -h is a name like any other", async () => {
  const { status, err } = await runCli(["info", "--", "-h"]);
  assertEquals([status, err.includes("-h")], [2, true]);
});

const MISTYPED: readonly (readonly [args: readonly string[], meant: string])[] = [
  [["deconvole"], "deconvolve"],
  [["Plan"], "plan"],
  [["--versoin"], "--version"],
  [["help", "convret"], "convert"],
  [["psf", "generat"], "generate"],
  [["keys", "lsit"], "list"],
  [["info", "a.zarr", "--jsno"], "--json"],
  [["deconvolve", "a.zarr", "b.zarr", "--iteration", "3"], "--iterations"],
  [["deconvolve", "a.zarr", "b.zarr", "--Boundary", "periodic"], "--boundary"],
  [["deconvolve", "a.zarr", "b.zarr", "--iter", "3"], "--iterations"],
];
for (const [args, meant] of MISTYPED) {
  Deno.test(`[${args.join(" ")}] is answered with what was meant`, async () => {
    const { status, err } = await runCli(args);
    assertEquals(status, 2);
    assert(err.includes(`: did you mean ${meant}? (`), err);
  });
}

for (const args of [["sharpen"], ["info", "a.zarr", "--colour"], ["info", "a.zarr", "-q"], [`${"x".repeat(1e6)}`]]) {
  Deno.test(`nothing is proposed for [${args.join(" ").slice(0, 40)}], which resembles nothing`, async () => {
    const { status, err } = await runCli(args);
    assertEquals([status, err.includes("did you mean")], [2, false], err.slice(0, 200));
  });
}

for (const args of [["deconvole"], ["help", "deconvole"], ["constructor"], ["help", "toString"]]) {
  Deno.test(`[${args.join(" ")}] is refused with the commands there are`, async () => {
    const { status, err } = await runCli(args);
    assertEquals(status, 2);
    assert(
      /^clearstack: [^\n]*no command: (did you mean deconvolve\? \()?expected one of deconvolve, plan[^\n]*\n$/.test(
        err,
      ),
      err,
    );
  });
}

Deno.test("a job of the command line loads no HTTP framework", async () => {
  const root = new URL("../../../", import.meta.url);
  for (const entry of ["cli/main", "cli/commands/deconvolve", "library/run_local"]) {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", `functions/${entry}.ts`],
      cwd: root,
    }).output();
    assertEquals(code, 0);
    const graph = JSON.parse(new TextDecoder().decode(stdout));
    assert(staticImports(graph).length > 2, entry);
    assertEquals(staticImports(graph).filter((specifier) => specifier.includes("hono")), [], entry);
  }
});

interface ModuleGraph {
  readonly roots: readonly string[];
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly code?: { readonly specifier: string }; readonly isDynamic?: boolean }[];
  }[];
}

/** Everything that is loaded with the root, before anything is asked for. */
function staticImports({ roots, modules }: ModuleGraph): string[] {
  const dependencies = new Map(modules.map((module) => [module.specifier, module.dependencies ?? []]));
  const seen = new Set<string>();
  const visit = (specifier: string) => {
    if (seen.has(specifier)) return;
    seen.add(specifier);
    for (const { code, isDynamic } of dependencies.get(specifier) ?? []) if (code && !isDynamic) visit(code.specifier);
  };
  roots.forEach(visit);
  return [...seen];
}
