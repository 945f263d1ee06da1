import { assertEquals } from "@std/assert";
import { modulePage } from "../../infra/terraform/module_page.ts";
import {
  configurationFolders,
  folderName,
  labeled,
  moduleNames,
  MODULES,
  readModule,
} from "../../infra/terraform/read_module.ts";

/** Text of the runs that a module must refuse, empty where it has none. */
async function refusedRuns(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`${name}/tests/refused.tftest.hcl`, MODULES)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
}

/** Files that several modules link to have their validations tried by the module kubernetes. */
async function isLink(folder: URL, file: string): Promise<boolean> {
  return (await Deno.lstat(new URL(file, folder))).isSymlink;
}

for (const name of await moduleNames()) {
  const folder = new URL(`${name}/`, MODULES);

  Deno.test(`every validation of ${name} has a run that it refuses`, async () => {
    const refused = await refusedRuns(name);
    const files = await Promise.all(
      (await Array.fromAsync(Deno.readDir(folder))).filter(({ name }) => name.startsWith("variables")).map(
        async (file) => {
          const linked = await isLink(folder, file.name) ||
            name === "settings" && file.name === "variables_functions.tf";
          return linked ? "" : await Deno.readTextFile(new URL(file.name, folder));
        },
      ),
    );
    const checked = files.join("\n").matchAll(/^variable "(\w+)" \{(.*?)^\}/gms)
      .filter(([, , body]) => body!.includes("validation {")).map(([, variable]) => variable!);
    const untried = checked.filter((variable) => !refused.includes(`expect_failures = [var.${variable}]`));
    assertEquals([...untried], []);
  });
}

for (const folder of await configurationFolders()) {
  Deno.test(`the page of ${folderName(folder)} says what the files say`, async () => {
    const cells = (page: string) => page.replace(/-+/g, "-").replace(/[ \n]+/g, " ");
    const page = await Deno.readTextFile(new URL("README.md", folder));
    assertEquals(cells(page), cells(await modulePage(folder)));
  });
}

/** Variables that no module sets, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  CLEARSTACK_ADDRESS_GUARD: "a protection that stays on",
  CLEARSTACK_ALLOW: "the lists for sources and outputs are set",
  CLEARSTACK_CALLED_AS: "the image sets it, for what the command line says of itself",
  CLEARSTACK_CREDENTIAL_PROCESS: "for the command line",
  CLEARSTACK_IDLE: "whatever runs the instances starts again what has ended, or ends them itself",
  CLEARSTACK_INSECURE: "a protection that stays on",
  CLEARSTACK_KEY: "for clients",
  CLEARSTACK_MEMORY: "follows from the limit of the container",
  CLEARSTACK_PARENT: "for the command line, whose process it names",
  CLEARSTACK_REQUIRE_OBJECT_STORES: "for tests",
};

/** Variables that the module cloud-run leaves out besides. */
const LEFT_OUT_OF_CLOUD_RUN: Readonly<Record<string, string>> = {
  CLEARSTACK_RESTATE_ADMIN: "the engine is local: a server of Restate needs a disk that stays",
  CLEARSTACK_RESTATE_ENDPOINT: "the engine is local",
  CLEARSTACK_RESTATE_INGRESS: "the engine is local",
  CLEARSTACK_RESTATE_PORT: "the engine is local",
  CLEARSTACK_RUNNER: "there is one process of orchestrate",
  RESTATE_IDENTITY_KEY: "the engine is local",
  RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: "the engine is local",
};

const PLATFORMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "kubernetes": {},
  "gke-knative": {},
  "aws-eks": {},
  "cloud-run": LEFT_OUT_OF_CLOUD_RUN,
};

const ROOT = new URL("../../", import.meta.url);

/** Text of all files of that ending below a folder. */
async function textBelow(folder: URL, ending: string): Promise<string> {
  const texts: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) texts.push(await textBelow(new URL(`${name}/`, folder), ending));
    else if (name.endsWith(ending)) texts.push(await Deno.readTextFile(new URL(name, folder)));
  }
  return texts.join("\n");
}

/** Names of variables that the documentation names, or the functions read. */
async function knownSettings(): Promise<string[]> {
  const read = (folder: string, ending: string) => textBelow(new URL(folder, ROOT), ending);
  const texts = await Promise.all([read("docs/", ".md"), read("functions/", ".ts"), read("shared/", ".ts")]);
  return [...new Set(texts.join("\n").match(/\b(?:CLEARSTACK|RESTATE)_[A-Z_]*[A-Z]\b/g))];
}

/** What a module and those that it calls are made of. */
async function withCalled(name: string): Promise<string> {
  const files = await readModule(new URL(`${name}/`, MODULES));
  const called = labeled(files, "module", 1).map(([, { source }]) => String(source).replace("../", ""));
  return JSON.stringify(files) + (await Promise.all(called.map(withCalled))).join("");
}

for (const [name, besides] of Object.entries(PLATFORMS)) {
  Deno.test(`every setting that the documentation or the code names is made by the module ${name}, or left out for a reason`, async () => {
    const module = await withCalled(name);
    const unset = (await knownSettings()).filter((setting) => !new RegExp(`\\b${setting}\\b`).test(module));
    assertEquals(unset.sort(), Object.keys({ ...LEFT_OUT, ...besides }).sort());
  });
}

/** Inputs of called modules that a caller leaves out, and why. */
const NOT_PASSED: Readonly<Record<string, string>> = {
  deconvolve_urls: "deconvolve runs in the cluster",
  instances_per_url: "deconvolve runs in the cluster",
  service_account_annotations: "the cloud knows pods by the names of their service accounts",
  store_secret_name: "pods have identities, and no keys",
};

for (const name of Object.keys(PLATFORMS)) {
  Deno.test(`${name} passes each input of the modules that it calls on, or leaves it out for a reason`, async () => {
    const files = await readModule(new URL(`${name}/`, MODULES));
    for (const [[label], body] of labeled(files, "module", 1)) {
      const called = await readModule(new URL(`${name}/${body.source}/`, MODULES));
      const inputs = labeled(called, "variable", 1).map(([[input]]) => input!);
      const left = inputs.filter((input) => !(input in body));
      const expected = inputs.filter((input) => body.source === "../kubernetes" && input in NOT_PASSED);
      assertEquals(left.sort(), expected.sort(), `${name}: module ${label}`);
    }
  });
}
