/** What images, compose file and units promise, held against the program and the Terraform modules. */
import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import { FUNCTIONS, GLIBC_TUNABLES } from "../../../infra/deno_config.ts";
import { readDockerfile } from "../../../infra/images/dockerfile_steps.ts";
import { testUnless } from "../../test_unless.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const [gpu, cpu] = await Promise.all(
  ["gpu", "cpu"].map(async (kind) => readDockerfile(await read(`infra/images/${kind}.Dockerfile`))),
);
/** Ports by default, as the main.ts of each function says. */
const PORTS: Readonly<Record<string, string>> = {
  ...{ api: "8080", deconvolve: "8081", orchestrate: "8082", pyramid: "8083", view: "8084" },
};

Deno.test("both images hold the pinned Deno and run as the user of the Terraform modules, with the program's allocator", async () => {
  const pinned = /deno@([\d.]+) "\$@"/.exec(await read(".ci/run"))![1];
  const user = /run_as_user\s+= "(\d+)"/.exec(await read("terraform/modules/kubernetes/main.tf"))![1];
  for (const recipe of [gpu!, cpu!]) {
    assertEquals(recipe.stages.deno, `denoland/deno:bin-${pinned}`);
    assertEquals(recipe.user, `${user}:${user}`);
    assertEquals(recipe.env.GLIBC_TUNABLES, GLIBC_TUNABLES);
    assertEquals([recipe.entrypoint, recipe.folder], [["clearstack"], "/opt/clearstack"]);
    // All else is read-only.
    assert([recipe.env.DENO_DIR!, recipe.env.HOME!].every((path) => path.startsWith("/tmp")));
  }
});

Deno.test("the image for GPUs has the loader and what NVIDIA's driver needs, and refuses to compute without a GPU", () => {
  const installed = gpu!.steps.map((step) => step.kind === "run" ? step.script : "").join();
  for (const name of ["libvulkan1", "libx11-6", "libxext6", "libegl1", "libglvnd0"]) assert(installed.includes(name));
  assertEquals(gpu!.env.NVIDIA_DRIVER_CAPABILITIES, "compute,graphics,utility");
  assertEquals(gpu!.env.CLEARSTACK_REQUIRE_GPU, "1");
  assertEquals(gpu!.command, ["deconvolve"]);
});

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly deploy?: { readonly resources: { readonly reservations: { readonly devices: readonly unknown[] } } };
}

Deno.test("the compose file has every function once, read-only and without capabilities, with settings that it knows", async () => {
  const { services } = parse(await read("infra/images/compose.yaml")) as { services: Record<string, Service> };
  const functions = Object.values(services).filter(({ image }) => image.startsWith("clearstack"));
  assertEquals(functions.map(({ command }) => command![0]!).toSorted(), [...FUNCTIONS].toSorted());
  for (const { image, command, environment, read_only, cap_drop, deploy } of functions) {
    const [name] = command as [string];
    assertEquals([read_only, cap_drop, environment.PORT], [true, ["ALL"], PORTS[name]]);
    assertEquals(image.startsWith("clearstack-gpu:"), name === "deconvolve");
    assertEquals(deploy?.resources.reservations.devices.length, name === "deconvolve" ? 1 : undefined);
    const told = await read(`functions/${name}/main.ts`) + await read("shared/storage/served_environment.ts") +
      await read("docs/jobs.md") + await read("docs/storage.md");
    for (const variable of Object.keys(environment)) assert(told.includes(variable), `${name} knows no ${variable}`);
  }
  assert(services.restate !== undefined && services.store !== undefined);
});

const analyze = await new Deno.Command("systemd-analyze", { args: ["--version"], stdout: "null", stderr: "null" })
  .output()
  .then(({ success }) => success, () => false);
testUnless(analyze ? undefined : "systemd-analyze is not installed", {
  name: "systemd takes the units as they are",
  async fn() {
    const folder = new URL("infra/images/systemd/", ROOT);
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).filter((name) =>
      /\.(service|socket)$/.test(name)
    );
    const units = await Deno.makeTempDir({ prefix: "clearstack-units-" });
    for (const name of names) {
      const text = await Deno.readTextFile(new URL(name, folder));
      // The program need not be installed here.
      const unit = text.replaceAll("/usr/local/bin/clearstack", "/bin/true").replace(/^EnvironmentFile=.*\n/m, "");
      await Deno.writeTextFile(`${units}/${name.replace("@.", "@0.")}`, unit);
      await Deno.writeTextFile(`${units}/${name}`, unit);
    }
    const args = ["verify", "--man=no", ...names.map((name) => `${units}/${name.replace("@.", "@0.")}`)];
    const { stderr } = await new Deno.Command("systemd-analyze", { args, stdout: "null", stderr: "piped" }).output();
    const said = new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("clearstack-"));
    assertEquals(said, []);
    await Deno.remove(units, { recursive: true });
  },
});
