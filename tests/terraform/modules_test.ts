import { assert, assertEquals } from "@std/assert";
import { modulePage } from "../../infra/terraform/module_page.ts";
import { labeled, moduleNames, MODULES, readModule } from "../../infra/terraform/read_module.ts";
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
