import { assert, assertEquals } from "@std/assert";
import { VERSION } from "shared/version.ts";
import { runCli } from "./run_cli.ts";

const COMMANDS = ["deconvolve", "plan", "info", "convert", "reproduce", "serve", "demo", "doctor", "help"];

Deno.test("without arguments the overview is printed", async () => {
  const { status, out, err } = await runCli([]);
  assertEquals([status, err], [0, ""]);
  for (const command of COMMANDS) assert(out.includes(`clearstack ${command}`), command);
});

for (const command of COMMANDS) {
  Deno.test(`help ${command} and ${command} --help print the same`, async () => {
    const { status, out } = await runCli(["help", command]);
    assertEquals(status, 0);
    assert(out.startsWith(`clearstack ${command}`), out);
    assertEquals((await runCli([command, "--help"])).out, out);
  });
}

Deno.test("every flag of a job is explained", async () => {
  const { JOB_FLAGS } = await import("functions/cli/flags/job_flags.ts");
  const { out } = await runCli(["help", "deconvolve"]);
  for (const flag of [...Object.keys(JOB_FLAGS), "json", "quiet"]) assert(out.includes(`--${flag}`), flag);
});

Deno.test("--version prints the version", async () => {
  assertEquals(await runCli(["--version"]), { status: 0, out: `clearstack ${VERSION}\n`, err: "" });
});

for (const args of [["deconvole"], ["help", "deconvole"], ["constructor"], ["help", "toString"]]) {
  Deno.test(`[${args.join(" ")}] is refused with the commands there are`, async () => {
    const { status, err } = await runCli(args);
    assertEquals(status, 2);
    assert(/^clearstack: [^\n]*no command: expected one of deconvolve, plan[^\n]*\n$/.test(err), err);
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
