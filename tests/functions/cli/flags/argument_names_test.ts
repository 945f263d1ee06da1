import { assertEquals } from "@std/assert";
import { messageInArguments } from "functions/cli/flags/argument_names.ts";
import { runCli } from "../run_cli.ts";

for (
  const [path, name] of [
    ["output.url", "OUTPUT"],
    ["source.url", "SOURCE"],
    ["source.path", "--path"],
    ["psf.url", "--psf"],
    ["psf.1.url", "--psf"],
    ["psf.1.channel", "--psf-channel"],
    ["psf", "--psf"],
    ["psf.optics.emissionNanometres", "--emission"],
    ["select.box.z", "--crop"],
    ["algorithm.stopTolerance", "--stop-tolerance"],
    ["tiling.tile.0", "--tile"],
    ["memoryBytes", "--memory"],
    ["no.such.setting", "no.such.setting"],
  ] as const
) {
  Deno.test(`a message that leads with ${path} is told of ${name}`, () => {
    assertEquals(messageInArguments({ path, message: `${path}: is wrong` }), `${name}: is wrong`);
  });
}

Deno.test("a message that does not lead with the place it is about stays as it is", () => {
  assertEquals(messageInArguments({ path: "output.url", message: "/a.zarr is taken" }), "/a.zarr is taken");
});

for (const command of [["deconvolve", "a.zarr", "b.png", "--psf", "c.tif"], ["convert", "a.zarr", "b.png"]]) {
  Deno.test(`${command[0]} says of which argument the name is wrong, in words and in JSON`, async () => {
    const { status, out, err } = await runCli([...command, "--json"]);
    const fault =
      "OUTPUT: an output is an OME-Zarr or a TIFF, not .png: give it a name that ends in .zarr, .tif or .tiff";
    assertEquals([status, err], [2, `clearstack: ${fault}\n`]);
    const { message, path } = JSON.parse(out).error;
    assertEquals([message, path], [fault, "output.url"]);
  });
}
