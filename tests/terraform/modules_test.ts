import { assert, assertEquals } from "@std/assert";
import { modulePage } from "../../infra/terraform/module_page.ts";
import { evaluableModule } from "../../infra/terraform/evaluable_module.ts";
import { type Body, labeled, moduleNames, MODULES, parseHcl, readModule } from "../../infra/terraform/read_module.ts";
import { LEFT_TO_ALL, testUnless } from "../test_unless.ts";

/** What Terraform answers; its own configuration, which this user may have, is left out. */
async function terraform(args: string[], cwd: string | URL): Promise<{ success: boolean; said: string }> {
  const env = { TF_CLI_CONFIG_FILE: "/dev/null", CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" };
  const { success, stdout, stderr } = await new Deno.Command("terraform", { args, cwd, env }).output();
  return { success, said: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
}

const missing = await terraform(["version"], ".").then(() => undefined, () => "no terraform on the PATH");

testUnless(missing, {
  name: "the modules are HCL, in Terraform's own format",
  fn: async () => assertEquals(await terraform(["fmt", "-check", "-recursive"], MODULES), { success: true, said: "" }),
});

for (const name of await moduleNames()) {
  const files = await readModule(name);
  testUnless(missing ?? LEFT_TO_ALL, {
    name: `Terraform refuses each wrong input of ${name}, and makes the settings of the right ones`,
    fn: async () => {
      const folder = await Deno.makeTempDir();
      // Without the resources no provider is needed, which could not be fetched everywhere.
      await Deno.mkdir(`${folder}/tests`);
      for (const file of ["variables.tf", "locals.tf", "tests/refused.tftest.hcl", "tests/settings.tftest.hcl"]) {
        await Deno.copyFile(new URL(`${name}/${file}`, MODULES), `${folder}/${file}`);
      }
      await terraform(["init"], folder);
      const { success, said } = await terraform(["test", "-no-color"], folder);
      await Deno.remove(folder, { recursive: true });
      assert(success, said);
    },
  });

  Deno.test(`every validation of ${name} has a run that it refuses`, async () => {
    const refused = await Deno.readTextFile(new URL(`${name}/tests/refused.tftest.hcl`, MODULES));
    const checked = labeled(files, "variable", 1).filter(([, body]) => body.validation !== undefined);
    const runs = (variable: string) => refused.split(`expect_failures = [var.${variable}]`).length - 1;
    const untried = checked.filter(([[variable]]) => runs(variable!) === 0);
    assertEquals(untried.map(([[variable]]) => variable), []);
  });

  Deno.test(`the page of ${name} says what the module says`, async () => {
    const cells = (page: string) => page.replace(/-+/g, "-").replace(/[ \n]+/g, " ");
    assertEquals(cells(await Deno.readTextFile(new URL(`${name}/README.md`, MODULES))), cells(modulePage(name, files)));
  });
}

/** The inputs of each run of the module's tests of settings. */
async function inputsOfRuns(name: string): Promise<[run: string, inputs: Body][]> {
  const path = `${name}/tests/settings.tftest.hcl`;
  const { variables, run } = parseHcl(await Deno.readTextFile(new URL(path, MODULES)), path) as Record<string, unknown>;
  return labeled([{ run }], "run", 1).map(([[label], body]) => {
    const [own = {}] = (body.variables ?? []) as Body[];
    return [label!, { ...(variables as Body[])[0], ...own }];
  });
}

/** Every member of that name below a value; a block is the only one of its list. */
function found(value: unknown, name: string): Body[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === name && inner !== null ? [inner].flat() as Body[] : []),
    ...found(inner, name),
  ]);
}

/** Containers of each run. */
const CONTAINERS = { defaults: 5, everything_set: 10, local_engine_on_the_cpu: 4, deconvolve_by_knative: 5 };

testUnless(missing ?? LEFT_TO_ALL, {
  name:
    "Terraform evaluates every resource of kubernetes; no container may do more than it must, and no secret is in one",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const source = new URL("kubernetes/", MODULES);
    for (const file of ["variables.tf", "locals.tf"]) await Deno.copyFile(new URL(file, source), `${folder}/${file}`);
    await Deno.writeTextFile(
      `${folder}/resources.tf`,
      evaluableModule(await readModule("kubernetes"), source.pathname),
    );
    await terraform(["init"], folder);
    const runs = await inputsOfRuns("kubernetes");
    assertEquals(runs.map(([run]) => run).sort(), Object.keys(CONTAINERS).sort());
    for (const [run, inputs] of runs) {
      await Deno.writeTextFile(`${folder}/terraform.tfvars.json`, JSON.stringify(inputs));
      const { success, said } = await terraform(["apply", "-auto-approve", "-no-color"], folder);
      assert(success, `${run}: ${said}`);
      const { outputs } = JSON.parse(await Deno.readTextFile(`${folder}/terraform.tfstate`));
      // Knative's manifest has names in camel case.
      const text = JSON.stringify(outputs.resources.value).replace(/"[a-z]+[A-Z]\w*":/g, (name) => {
        return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      });
      const resources = JSON.parse(text.replaceAll('"containers":', '"container":'));
      const containers = found(resources, "container");
      assertEquals(containers.length, CONTAINERS[run as keyof typeof CONTAINERS], run);
      for (const container of containers) {
        const [{ read_only_root_filesystem, allow_privilege_escalation, capabilities }] = found(
          container,
          "security_context",
        ) as [Body];
        assertEquals([read_only_root_filesystem, allow_privilege_escalation, [capabilities].flat()], [true, false, [{
          drop: ["ALL"],
        }]]);
        const needed = ["limits", "readiness_probe", "liveness_probe"].map((name) => found(container, name).length);
        assertEquals(needed, [1, 1, 1], `${run}: ${container.name}`);
        const told = found(container, "env").filter(({ value }) => typeof value === "string").map(({ name }) =>
          String(name)
        );
        assertEquals(told.filter((name) => /TOKEN|STATE_KEY|SECRET/.test(name)), [], `${run}: ${container.name}`);
      }
      const users = found(resources, "run_as_non_root");
      assertEquals([users.length, new Set<unknown>(users)], [containers.length, new Set([true])], run);
      assertEquals(new Set<unknown>(found(resources, "automount_service_account_token")), new Set([false]), run);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

/** Settings that the module leaves out, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  CLEARSTACK_ADDRESS_GUARD: "a protection that stays on",
  CLEARSTACK_ALLOW: "the lists for sources and outputs are set",
  CLEARSTACK_CREDENTIAL_PROCESS: "for the command line",
  CLEARSTACK_IDLE: "a Deployment would start again what has ended",
  CLEARSTACK_INSECURE: "a protection that stays on",
  CLEARSTACK_KEY: "for clients",
  CLEARSTACK_MEMORY: "follows from the limit of the container",
  CLEARSTACK_REQUIRE_OBJECT_STORES: "for tests",
};

Deno.test("every setting that the documentation names is made by the module kubernetes, or left out for a reason", async () => {
  const pages = ["engine", "jobs", "security", "events", "telemetry", "storage"];
  const texts = await Promise.all(
    pages.map((page) => Deno.readTextFile(new URL(`../../docs/${page}.md`, import.meta.url))),
  );
  const named = new Set(texts.join("").match(/\b(?:CLEARSTACK_[A-Z_]*[A-Z]|RESTATE_[A-Z_]*[A-Z])\b/g));
  const module = JSON.stringify(await readModule("kubernetes"));
  const unset = [...named].filter((name) => !new RegExp(`\\b${name}\\b`).test(module));
  assertEquals(unset.sort(), Object.keys(LEFT_OUT).sort());
});
