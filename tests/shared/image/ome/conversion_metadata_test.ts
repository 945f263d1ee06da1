/** Zarrs as bioformats2raw writes them, with the OME-XML of the file that was converted beside the images. */
import { assertEquals } from "@std/assert";
import { zarr3Metadata } from "../../../fixtures/zarr3.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openImage, openStore } from "../../../stores.ts";

const LENS = '<Instrument><Objective ID="O" LensNA="1.2" Immersion="Water"/></Instrument>';
const channel = (name: string, nanometres: number) => `<Channel Name="${name}" EmissionWavelength="${nanometres}"/>`;
const image = (channels: string, count = 2) =>
  `<Image><ObjectiveSettings ID="O"/><Pixels SizeX="4" SizeY="4" SizeZ="1" SizeC="${count}" SizeT="1">${channels}` +
  `<MetadataOnly/></Pixels></Image>`;
const XML = `<OME>${LENS}${image(channel("a", 461) + channel("b", 525))}${
  image(channel("c", 595) + channel("d", 680))
}</OME>`;

interface Conversion {
  readonly xml?: string;
  /** Of the `omero` metadata of image 1. */
  readonly omero?: unknown;
  readonly series?: readonly string[];
  readonly layout?: boolean;
}

/** Two images of two channels, in the folders 0 and 1. */
async function converted({ xml, omero, series, layout = true }: Conversion): Promise<string> {
  const url = memoryUrl();
  const put = async (key: string, document: unknown) => {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    await openStore(url).put(key, new TextEncoder().encode(text));
  };
  const group = (ome: unknown) => ({ zarr_format: 3, node_type: "group", attributes: { ome } });
  await put("zarr.json", group(layout ? { version: "0.5", "bioformats2raw.layout": 3 } : { version: "0.5" }));
  if (series !== undefined) await put("OME/zarr.json", group({ version: "0.5", series }));
  if (xml !== undefined) await put("OME/METADATA.ome.xml", xml);
  const axes = [..."cyx"].map((name) => ({ name, type: name === "c" ? "channel" : "space" }));
  for (const folder of ["0", "1"]) {
    const shown = folder === "1" && omero !== undefined ? { omero } : {};
    await put(
      `${folder}/zarr.json`,
      group({ version: "0.5", multiscales: [{ axes, datasets: [{ path: "0" }] }], ...shown }),
    );
    await put(
      `${folder}/0/zarr.json`,
      zarr3Metadata({ shape: [2, 4, 4], chunk: [2, 4, 4], dtype: "uint8", values: [] }),
    );
  }
  return url;
}

async function statedOf(url: string, path = "1") {
  const { objective, channels, emissionFrom, warnings } = (await openImage({ url, path })).info;
  const wavelengths = channels?.map(({ emissionNanometres }) => emissionNanometres);
  return { objective, wavelengths, emissionFrom, codes: warnings?.map(({ code }) => code) };
}

const WATER = { na: 1.2, immersionIndex: 1.33 };
const NOTHING = { objective: undefined, wavelengths: undefined, emissionFrom: undefined, codes: undefined };

Deno.test("lens and wavelengths of an image are those of its number, or of its place in the list of series", async () => {
  const second = { objective: WATER, wavelengths: [595, 680], emissionFrom: "OME-XML" as const, codes: undefined };
  assertEquals(await statedOf(await converted({ xml: XML })), second);
  assertEquals(await statedOf(await converted({ xml: XML }), "1/0"), second);
  assertEquals((await statedOf(await converted({ xml: XML }), "0")).wavelengths, [461, 525]);
  // By the URL of the image itself, the folder around it is looked at where its name is a number.
  const { objective, emissionFrom } = (await openImage({ url: `${await converted({ xml: XML })}/1` })).info;
  assertEquals([objective, emissionFrom], [WATER, "OME-XML"]);
  const reversed = await converted({ xml: XML, series: ["1", "0"] });
  assertEquals((await statedOf(reversed)).wavelengths, [461, 525]);
});

Deno.test("names and wavelengths that the image states itself are kept, and said to be its own", async () => {
  const named = await converted({ xml: XML, omero: { channels: [{ label: "DAPI" }, { label: "GFP" }] } });
  const { channels, emissionFrom } = (await openImage({ url: named, path: "1" })).info;
  assertEquals(channels, [{ name: "DAPI", emissionNanometres: 595 }, { name: "GFP", emissionNanometres: 680 }]);
  assertEquals(emissionFrom, "OME-XML");
  const own = await converted({ xml: XML, omero: { channels: [{ emissionWave: 460 }, { label: "GFP" }] } });
  assertEquals(await statedOf(own), {
    ...{ objective: WATER, wavelengths: [460, undefined], emissionFrom: "omero", codes: undefined },
  });
});

Deno.test("nothing is taken without the layout or the document, nor wavelengths of another number of channels", async () => {
  assertEquals(await statedOf(await converted({})), NOTHING);
  assertEquals(await statedOf(await converted({ xml: XML, layout: false })), NOTHING);
  const color = `<OME>${LENS}${image("")}${image(channel("rgb", 525), 3)}</OME>`;
  assertEquals(await statedOf(await converted({ xml: color })), { ...NOTHING, objective: WATER });
});

for (
  const [what, xml] of [["is cut short", XML.slice(0, 300)], ["lacks the image", `<OME>${image("")}</OME>`]] as const
) {
  Deno.test(`a document that ${what} is warned of, and the image is read without it`, async () => {
    assertEquals(await statedOf(await converted({ xml })), { ...NOTHING, codes: ["ome-xml-unusable"] });
  });
}
