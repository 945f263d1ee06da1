import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { planFile, planLines, type PlannedResource, plannedResources } from "../../infra/terraform/example_plan.ts";
import { readSchemas } from "../../infra/terraform/provider_schema.ts";
import { exampleNames, EXAMPLES, moduleNames, MODULES } from "../../infra/terraform/read_module.ts";
import { missingTerraform, type RunTerraform, withTerraform } from "../../infra/terraform/with_terraform.ts";
import { LEFT_TO_ALL, testUnless } from "../test_unless.ts";

const missing = await missingTerraform();
const required = Deno.env.get("CLEARSTACK_REQUIRE_TERRAFORM") === "1";

/** Registers a test that runs Terraform, which takes seconds; CLEARSTACK_REQUIRE_TERRAFORM=1 makes its absence a failure. */
function terraformTest(name: string, fn: (run: RunTerraform) => Promise<void>): void {
  testUnless(missing ?? LEFT_TO_ALL, { name, fn: () => withTerraform(fn) }, required && missing !== undefined);
}

testUnless(missing, {
  name: "modules and examples are HCL, in Terraform's own format",
  fn: () =>
    withTerraform(async (run) => {
      assertEquals(await run(["fmt", "-check", "-recursive"], new URL("../", MODULES)), { success: true, said: "" });
    }),
}, required);

async function isThere(file: URL): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

/** Runs commands of Terraform that have to succeed. */
async function succeed(run: RunTerraform, folder: URL, ...commands: string[]): Promise<void> {
  for (const command of commands) {
    const { success, said } = await run([...command.split(" "), "-no-color"], folder);
    assert(success, `${folder.pathname}: terraform ${command}: ${said}`);
  }
}

for (const name of await moduleNames()) {
  const folder = new URL(`${name}/`, MODULES);

  terraformTest(`Terraform finds the module ${name} valid, and its settings right`, async (run) => {
    await succeed(run, folder, "init", "validate");
    if (await isThere(new URL("tests/settings.tftest.hcl", folder))) {
      await succeed(run, folder, "test -filter=tests/settings.tftest.hcl");
    }
  });

  const runs = new URL("tests/refused.tftest.hcl", folder);
  if (!await isThere(runs)) continue;
  terraformTest(`each wrong input of ${name} is refused`, async (run) => {
    // Variables refuse by themselves; with the resources each of some fifty runs would plan a whole cluster.
    const alone = await Deno.makeTempDir();
    for await (const file of Deno.readDir(folder)) {
      if (file.name.startsWith("variables")) await Deno.copyFile(new URL(file.name, folder), `${alone}/${file.name}`);
    }
    await Deno.mkdir(`${alone}/tests`);
    await Deno.copyFile(runs, `${alone}/tests/refused.tftest.hcl`);
    await succeed(run, new URL(`file://${alone}/`), "init", "test");
    await Deno.remove(alone, { recursive: true });
  });
}

for (const name of await exampleNames()) {
  const folder = new URL(`${name}/`, EXAMPLES);

  terraformTest(`Terraform finds the example ${name} valid, and its tests pass with mocked providers`, async (run) => {
    await succeed(run, folder, "init", "validate", "test");
  });

  terraformTest(`Terraform plans the example ${name} as it did before`, async (run) => {
    const resources = await plannedResources(run, folder);
    // Where a change is meant: deno run -A infra/terraform/example_plan.ts
    assertEquals(planLines(resources, await readSchemas()).join("\n") + "\n", await Deno.readTextFile(planFile(name)));
    holdContainers(resources);
    if (name !== "kubernetes") {
      assertEquals(bucketRights(resources), RIGHTS);
    }
  });
}

/** Every member of that name below a value. */
function found(value: unknown, name: string): Record<string, unknown>[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === name && inner !== null ? [inner].flat() as Record<string, unknown>[] : []),
    ...found(inner, name),
  ]);
}

/** Holds the containers of pods to what they must be able to do and no more, and finds secrets that are told in plain. */
function holdContainers(resources: readonly PlannedResource[]): void {
  for (const { address, type, change } of resources) {
    if (!/^(kubernetes_(deployment|stateful_set|manifest)|google_cloud_run_v2_service)/.test(type)) continue;
    // Knative's manifest has names in camel case.
    const text = JSON.stringify(change.after).replace(
      /"[a-z]+[A-Z]\w*":/g,
      (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
    const after = JSON.parse(text.replaceAll('"containers":', '"container":'));
    const containers = found(after, "container");
    assert(containers.length > 0 || type === "kubernetes_manifest", address);
    for (const container of containers) {
      const told = found(container, "env").filter(({ value }) => typeof value === "string").map(({ name }) =>
        String(name)
      );
      const secret = told.filter((name) => /TOKEN|STATE_KEY|VIEW_KEY|SECRET/.test(name));
      assertEquals(secret, [], address);
      // Cloud Run has no such switches.
      if (type.startsWith("google")) continue;
      const [security] = found(container, "security_context");
      const { read_only_root_filesystem, allow_privilege_escalation, capabilities } = security!;
      const [{ drop }] = [capabilities].flat() as [{ drop: string[] }];
      assertEquals([read_only_root_filesystem, allow_privilege_escalation, drop], [true, false, ["ALL"]], address);
      for (const name of ["limits", "readiness_probe", "liveness_probe"]) {
        assertEquals(found(container, name).length, 1, `${address}: ${name}`);
      }
      assertEquals(found(after, "run_as_non_root"), [true] as unknown[], address);
      assertEquals(found(after, "automount_service_account_token"), [false] as unknown[], address);
    }
  }
}

terraformTest("the commands of Terraform in docs/deploying.md do as it says", async (run) => {
  const page = await Deno.readTextFile(new URL("../../docs/deploying.md", import.meta.url));
  const blocks = [...page.matchAll(/^ *```sh terraform\n(.*?)^ *```$/gms)].map(([, block]) =>
    block!.trim().split(/\n */)
  );
  assertEquals(blocks.length, 6);
  for (const command of blocks.flat()) {
    const [, folder, verb, options = ""] = /^terraform -chdir=(\S+) (init|apply)(.*)$/.exec(command) ?? [];
    assert(verb !== undefined, command);
    // Nothing can be made here; what would be made is planned.
    const args = [verb === "apply" ? "plan" : verb, "-no-color", ...options.split(" ").filter(Boolean)];
    const { success, said } = await run(args, new URL(`../../${folder}/`, import.meta.url));
    assert(success, `${command}: ${said}`);
  }
});

/** What each function may do in which bucket, and no more. */
const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  api: ["write inbox"],
  deconvolve: ["read uploads", "write results", "write views"],
  orchestrate: ["read uploads", "write jobs", "write results"],
  pyramid: ["write results", "write views"],
  view: ["read results", "read uploads", "write views"],
};

/** Rights in buckets that a plan gives to functions; fails where one is more than reading and writing objects. */
function bucketRights(resources: readonly PlannedResource[]): Record<string, string[]> {
  const rights: [who: string, right: string][] = [];
  for (const { address, type, change } of resources) {
    const after = change.after as Readonly<Record<string, string>>;
    if (/^google_.*iam_member$/.test(type)) assert(!/admin|owner|editor|roles\/viewer/i.test(after.role!), address);
    if (type === "google_storage_bucket_iam_member") {
      const who = /clearstack-(\w+)(@|$)/.exec(after.member!)![1]!;
      const what = { "roles/storage.objectViewer": "read", "roles/storage.objectUser": "write" }[after.role!];
      rights.push([who, `${what} ${after.bucket!.split("-")[1]}`]);
    }
    if (type === "aws_iam_role_policy" && /\.function\[/.test(address)) {
      const who = /\["(\w+)"\]/.exec(address)![1]!;
      for (const { Effect, Action, Resource } of JSON.parse(after.policy!).Statement) {
        assertEquals(Effect, "Allow");
        assert(
          Action.every((action: string) =>
            /^s3:(GetObject|PutObject|DeleteObject|AbortMultipartUpload|ListBucket)$/.test(action)
          ),
          address,
        );
        if (Action.includes("s3:ListBucket")) continue;
        const what = Action.includes("s3:PutObject") ? "write" : "read";
        for (const arn of Resource) rights.push([who, `${what} ${/clearstack-(\w+)\/\*$/.exec(arn)![1]}`]);
      }
    }
  }
  const whoever = [...new Set(rights.map(([who]) => who))].sort();
  return Object.fromEntries(
    whoever.map((name) => [name, rights.filter(([who]) => who === name).map(([, right]) => right).sort()]),
  );
}

/** A configuration of one bucket. */
const BUCKET = `terraform {
  required_providers {
    google = { source = "hashicorp/google" }
  }
}
resource "google_storage_bucket" "one" {
  name     = "one"
  location = "europe-west4"
}
output "url" {
  value = google_storage_bucket.one.url
}
`;

terraformTest("Terraform finds an argument, a block, a type and a name that a provider has not", async (run) => {
  const folder = await Deno.makeTempDir();
  const url = new URL(`file://${folder}/`);
  const validate = async (right: string, wrong: string) => {
    await Deno.writeTextFile(`${folder}/main.tf`, BUCKET.replace(right, wrong));
    await succeed(run, url, "init");
    const { success, said } = await run(["validate", "-no-color"], url);
    return success ? "valid" : said.replace(/[│\s]+/g, " ");
  };
  assertEquals(await validate("", ""), "valid");
  assertStringIncludes(await validate("location", "loaction"), 'An argument named "loaction" is not expected here');
  assertStringIncludes(await validate('"europe-west4"', "[4]"), "string required");
  assertStringIncludes(await validate('location = "europe-west4"', ""), 'The argument "location" is required');
  assertStringIncludes(
    await validate("one.url", "one.ulr"),
    'no argument, nested block, or exported attribute named "ulr"',
  );
  assertStringIncludes(
    await validate('"google_storage_bucket" "one"', '"google_storage_bukkit" "one"'),
    'does not support resource type "google_storage_bukkit"',
  );
  await Deno.remove(folder, { recursive: true });
});
