/**
 * Bundles neuroglancer with its Zarr reader and nothing else that reads images.
 *
 *     deno run -A infra/oracles/build_neuroglancer.ts FOLDER OUT
 *
 * FOLDER has the package in node_modules. OUT/x/index.html is the page.
 */
import * as esbuild from "esbuild";

const [folder, out] = Deno.args as [string, string];
const library = `${folder}/node_modules/neuroglancer/lib`;

const ENTRY = `import "neuroglancer";
import { setupDefaultViewer } from "neuroglancer/unstable/ui/default_viewer_setup.js";
setupDefaultViewer();
`;

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>neuroglancer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="main.css">
<style>html, body, #neuroglancer-container { margin: 0; width: 100%; height: 100%; overflow: hidden }</style>
<div id="neuroglancer-container"></div>
<script type="module" src="main.js"></script>
`;

const noIcons: esbuild.Plugin = {
  name: "no icons",
  setup(build) {
    build.onResolve({ filter: /\.svg\?raw$/ }, ({ path }) => ({ path, namespace: "icon" }));
    build.onLoad({ filter: /^/, namespace: "icon" }, () => ({
      contents: '<svg xmlns="http://www.w3.org/2000/svg"/>',
      loader: "text",
    }));
  },
};

const options: esbuild.BuildOptions = {
  absWorkingDir: folder,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  logLevel: "error",
  conditions: ["neuroglancer/datasource:none_by_default", "neuroglancer/datasource/zarr:enabled"],
  plugins: [noIcons],
  loader: { ".svg": "text", ".png": "dataurl" },
};

await Deno.writeTextFile(`${folder}/main.js`, ENTRY);
try {
  const workers = { "chunk_worker.bundle": `${library}/chunk_worker.bundle.js` };
  await esbuild.build({ ...options, entryPoints: { main: "main.js", ...workers }, outdir: `${out}/x` });
  // Asked for one folder above those that ask.
  const beside = { "async_computation.bundle": `${library}/async_computation.bundle.js` };
  await esbuild.build({ ...options, entryPoints: beside, outdir: out });
} finally {
  await esbuild.stop();
}
await Deno.writeTextFile(`${out}/x/index.html`, PAGE);
