/**
 * The images, made from the steps of their own Dockerfiles by Debian's tools and started as a container would start them: as their
 * user, on a root that cannot be written. What it takes: root, mmdebstrap, a mirror of Debian, and for the cluster Ceph and Restate.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { writeBundle } from "../../../infra/bundle/write_bundle.ts";
import { Cluster } from "../../../infra/cluster/cluster.ts";
import { runJob } from "../../../infra/cluster/run_job.ts";
import { buildRoot } from "../../../infra/images/build_root.ts";
import { type ImageRecipe, readDockerfile } from "../../../infra/images/dockerfile_steps.ts";
import { inRoot } from "../../../infra/images/in_root.ts";
import { openStore } from "shared/storage/open_store.ts";
import { LEFT_TO_ALL, testUnless } from "../../test_unless.ts";
import { patternedVoxels } from "../../functions/sample_image.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";

const ROOT = new URL("../../../", import.meta.url);
const CACHE = new URL(".cache/images", ROOT).pathname;

const canRun = (command: string, ...args: string[]) =>
  new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()
    .then(({ success }) => success, () => false);
const missing = Deno.build.os !== "linux" || Deno.uid() !== 0
  ? "only root on Linux can enter a root file system"
  : !await canRun("unshare", "--mount", "true")
  ? "mounts of one's own are not allowed here"
  : !await canRun("mmdebstrap", "--version")
  ? "mmdebstrap is not installed"
  : LEFT_TO_ALL;
const required = Deno.env.get("CLEARSTACK_REQUIRE_IMAGES") === "1";

/** Makes the root file system of an image. */
async function makeImage(kind: "gpu" | "cpu", folder: string): Promise<{ root: string; recipe: ImageRecipe }> {
  const recipe = readDockerfile(await Deno.readTextFile(new URL(`infra/images/${kind}.Dockerfile`, ROOT)));
  const root = `${folder}/${kind}`;
  await buildRoot(recipe, { root, context: `${folder}/context`, cache: CACHE });
  return { root, recipe };
}

/** What the images are made from: the bundle, and the script that starts it. */
async function writeContext(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/context/infra/images`, { recursive: true });
  await writeBundle(`${folder}/context/out/bundle`);
  await Deno.copyFile(new URL("infra/images/serve.sh", ROOT), `${folder}/context/infra/images/serve.sh`);
}

async function runInside(image: { root: string; recipe: ImageRecipe }, words: readonly string[]) {
  const { command, args, env } = inRoot(image.root, image.recipe, words);
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args], env, clearEnv: true }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

testUnless(missing, {
  name: "images built from their Dockerfiles pass doctor, serve, and run a job through the whole service, not as root",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-images-" });
    await writeContext(folder);
    const images = { cpu: await makeImage("cpu", folder), gpu: await makeImage("gpu", folder) };

    const doctor = await runInside(images.cpu, ["doctor"]);
    assertEquals(doctor.code, 0, doctor.text);
    assertStringIncludes(doctor.text, "ready");

    // Neither its user nor its root would let it.
    const { root, recipe } = images.cpu;
    const inside = (script: string) =>
      runInside({ root, recipe: { ...recipe, entrypoint: ["/bin/sh", "-c"] } }, [script]);
    assertEquals((await inside("id -u")).text.trim(), "65532");
    for (const place of ["/", "/opt/clearstack", "/var/lib/clearstack", "/etc/clearstack", "/data"]) {
      const { code, text } = await inside(`touch ${place}/x`);
      assert(code !== 0, `${place} can be written`);
      assertStringIncludes(text, place === "/data" || place === "/var/lib/clearstack" ? "Read-only" : "");
    }

    const cluster = await Cluster.start({
      folder,
      instances: 1,
      // The image for GPUs with its own check switched off: there is none here.
      program: (name) => {
        const image = name === "deconvolve" ? images.gpu : images.cpu;
        const started = inRoot(image.root, image.recipe, [name]);
        return { ...started, env: { ...started.env, CLEARSTACK_REQUIRE_GPU: "0" } };
      },
    });
    const { bucketUrl, environment, apiUrl } = cluster;
    const shape = [8, 32, 32] as const;
    await writeVolume(openStore(`${bucketUrl}/image.zarr`, { environment }), {
      ...{ name: "pattern", shape, voxelMicrometre: [1, 1, 1] },
      values: Uint16Array.from(patternedVoxels(shape)),
    });
    const psf = { shape: [1, 3, 3] as const, values: Float32Array.of(0, 1, 0, 1, 4, 1, 0, 1, 0) };
    await openStore(bucketUrl, { environment }).put("psf.tif", encodeTiff({ ...psf, spacingMicrometre: [1, 1, 1] }));
    const status = await runJob({
      source: { url: `${bucketUrl}/image.zarr` },
      psf: { url: `${bucketUrl}/psf.tif` },
      output: { url: `${bucketUrl}/out.zarr` },
      algorithm: { iterations: 3 },
    }, { apiUrl });
    assertEquals(status.state, "done", JSON.stringify(status.error));
    assert(await openStore(`${bucketUrl}/out.zarr`, { environment }).get("zarr.json") !== undefined);
    await cluster[Symbol.asyncDispose]();

    // A node that was rented for its GPU must not work without in silence.
    const port = "18099";
    const { command, args, env } = inRoot(images.gpu.root, images.gpu.recipe);
    const token = { CLEARSTACK_TOKEN: "t", HOST: "127.0.0.1", PORT: port };
    const unfit = new Deno.Command(command, {
      args: [...args],
      env: { ...env, ...token },
      stdout: "null",
      stderr: "null",
    })
      .spawn();
    const answer = async (): Promise<Response> => {
      for (;;) {
        const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
        if (response !== undefined) return response;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const response = await answer();
    assertEquals([response.status, (await response.text()).includes("CLEARSTACK_REQUIRE_GPU")], [503, true]);
    unfit.kill("SIGTERM");
    await unfit.status;
    await Deno.remove(folder, { recursive: true });
  },
}, required);
