import { assertEquals } from "@std/assert";
import { openImage, openStore } from "../../../stores.ts";
import { omeXmlChannels } from "shared/image/ome/ome_channels.ts";
import { parseOmeXml } from "shared/image/ome/ome_xml.ts";
import { imageJChannels } from "shared/image/tiff/imagej_channels.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { pythonTest, runPython } from "../../../fixtures/python.ts";
import { oneDirectoryTiff } from "../../../fixtures/one_directory_tiff.ts";
import { writeZarr3 } from "../../../fixtures/zarr3.ts";

const NAMED = [
  { label: " DAPI ", color: "0000ff", active: true, emissionWave: 461 },
  { label: "GFP", color: "#00FF00", window: { start: 0, end: 9 } },
];
const READ = [
  { name: "DAPI", color: "0000FF", emissionNanometres: 461 },
  { name: "GFP", color: "00FF00" },
];

/** The channels of an OME-Zarr of two channels (or one volume without any) with this `omero` block. */
async function channelsOf(omero: unknown, version: "0.4" | "0.5", axes = "czyx") {
  const url = memoryUrl();
  const multiscales = [{ axes: [...axes].map((name) => ({ name })), datasets: [{ path: "0" }] }];
  const attributes = version === "0.5" ? { ome: { version, multiscales, omero } } : { multiscales, omero };
  const document = { zarr_format: 3, node_type: "group", attributes };
  await openStore(url).put("zarr.json", new TextEncoder().encode(JSON.stringify(document)));
  const shape = axes.startsWith("c") ? [2, 1, 2, 2] : [1, 2, 2];
  const length = shape.reduce((product, side) => product * side, 1);
  await writeZarr3(url, { shape, chunk: shape, dtype: "uint16", values: new Array(length).fill(1) }, "0");
  return (await openImage({ url })).info.channels;
}

for (const version of ["0.4", "0.5"] as const) {
  Deno.test(`names, colors and wavelengths of channels are read from OME-Zarr ${version}`, async () => {
    assertEquals(await channelsOf({ channels: NAMED }, version), READ);
    assertEquals(await channelsOf({ channels: NAMED.slice(0, 1) }, version, "zyx"), READ.slice(0, 1));
  });
}

Deno.test("channel metadata that cannot be understood are ignored, what can be is kept", async () => {
  for (
    const omero of [
      null,
      7,
      "omero",
      [],
      {},
      { channels: null },
      { channels: {} },
      { channels: [] },
      { channels: [...NAMED, ...NAMED] },
      { channels: [null, 3] },
      { channels: [{ label: "" }, { label: 5 }] },
    ]
  ) {
    assertEquals(await channelsOf(omero, "0.5"), undefined, JSON.stringify(omero));
  }
  const mixed = { channels: [{ label: "DAPI", color: "blue", emissionWave: -4 }, { color: 255, emissionWave: "510" }] };
  assertEquals(await channelsOf(mixed, "0.5"), [{ name: "DAPI" }, {}]);
});

const ome = (channels: string, count: number) =>
  `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image><Pixels ` +
  `DimensionOrder="XYZCT" SizeX="5" SizeY="3" SizeZ="1" SizeC="${count}" SizeT="1" Type="uint8">${channels}<TiffData/>` +
  `</Pixels></Image><ROI><Union/></ROI></OME>`;

Deno.test("names, colors and wavelengths of channels are read from OME-XML", async () => {
  const red = (0xff0000ff | 0).toString();
  const text = ome(
    `<Channel ID="Channel:0:0" Name="DAPI &amp; more" Color="${red}" EmissionWavelength="461.5"/>` +
      `<ome:Channel ID="Channel:0:1" EmissionWavelength="0.51" EmissionWavelengthUnit="\u00b5m"><LightPath/></ome:Channel>` +
      `<Channel Name=" " Color="blue" EmissionWavelength="1" EmissionWavelengthUnit="pixel"><ChannelRef/></Channel>`,
    3,
  );
  assertEquals(omeXmlChannels((await parseOmeXml(text, "a.tif")).images[0]!.channels), [
    { name: "DAPI & more", color: "FF0000", emissionNanometres: 461.5 },
    { emissionNanometres: 510 },
    {},
  ]);
});

Deno.test("an OME-TIFF of one plane keeps the name of its only channel, and ignores names of channels it lacks", async () => {
  const channel = '<Channel Name="GFP"/>';
  for (const [channels, expected] of [[channel, [{ name: "GFP" }]], [channel + channel, undefined]] as const) {
    const url = memoryUrl();
    const file = { plane: [3, 5] as const, values: new Uint8Array(15), description: ome(channels, 1) };
    await openStore(url).put("image.tif", oneDirectoryTiff(file));
    assertEquals((await openImage({ url: `${url}/image.tif` })).info.channels, expected as never);
  }
});

pythonTest({
  name: "names and colors of channels are read from what tifffile writes for ImageJ and as OME-TIFF",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await runPython(
        "-c",
        `
import numpy as np, tifffile
def table(*rgb): return np.stack([np.linspace(0, value, 256).astype("u1") for value in rgb])
named = {"axes": "ZCYX", "Labels": ["DAPI", "GFP"] * 5, "LUTs": [table(0, 0, 255), table(0, 255, 0)]}
for order, name in ("<", "little"), (">", "big"):
    tifffile.imwrite(f"${folder}/{name}.tif", np.zeros((5, 2, 8, 9), "u2"), imagej=True, byteorder=order, metadata=named)
numbered = {"axes": "ZCYX", "Labels": [f"plane {i}" for i in range(10)]}
tifffile.imwrite("${folder}/numbered.tif", np.zeros((5, 2, 8, 9), "u2"), imagej=True, metadata=numbered)
stack = {"axes": "ZYX", "Labels": ["a", "b", "c"]}
tifffile.imwrite("${folder}/stack.tif", np.zeros((3, 8, 9), "u2"), imagej=True, metadata=stack)
ome = {"axes": "CZYX", "Channel": {"Name": ["DAPI", "GFP"], "Color": [0xffff, 0xff00ff]}}
tifffile.imwrite("${folder}/ome.ome.tif", np.zeros((2, 3, 8, 9), "u2"), metadata=ome)
`,
      );
      const expected = [{ name: "DAPI", color: "0000FF" }, { name: "GFP", color: "00FF00" }];
      const channelsIn = async (name: string) => (await openImage({ url: `${folder}/${name}` })).info.channels;
      for (const name of ["little.tif", "big.tif", "ome.ome.tif"]) assertEquals(await channelsIn(name), expected, name);
      for (const name of ["numbered.tif", "stack.tif"]) assertEquals(await channelsIn(name), undefined, name);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("ImageJ tags that are cut short or make no sense name no channel", () => {
  const metadata = Uint8Array.from(
    [..."IJIJlabl", 0, 0, 0, 2, 0, 65, 0, 66].map((byte) => typeof byte === "string" ? byte.charCodeAt(0) : byte),
  );
  const read = (lengths: readonly number[], bytes = metadata) =>
    imageJChannels({ lengths, metadata: bytes, littleEndian: false, channels: 2 });
  assertEquals(read([12, 2, 2]), [{ name: "A" }, { name: "B" }]);
  for (const lengths of [[], [0], [12], [12, 2], [999, 2, 2], [12, 9, 9], [8, 2, 2], [-4, 2, 2]]) {
    assertEquals(
      read(lengths).every(({ name, color }) => name === undefined && color === undefined),
      true,
      `${lengths}`,
    );
  }
  assertEquals(read([12, 2, 2], new Uint8Array(0)), [{}, {}]);
});
