import { assertEquals } from "@std/assert";
import { omeObjective } from "shared/image/ome/ome_objective.ts";
import { parseOmeXml } from "shared/image/ome/ome_xml.ts";

const LENSES = '<Instrument><Objective ID="O:0" LensNA="1.4" Immersion="Oil"/>' +
  '<Objective ID="O:1" LensNA="0.8" Immersion="Air"/></Instrument>';

/** What the images of OME-XML state of their lenses; `before` stands in each image before its Pixels. */
async function objectives(instruments: string, ...before: string[]) {
  const images = before.map((elements) => `<Image>${elements}<Pixels/></Image>`);
  const { images: parsed } = await parseOmeXml(`<OME>${instruments}${images.join("")}</OME>`, "a.tif");
  return parsed.map(({ objective }) => omeObjective(objective).objective);
}

Deno.test("an image has the lens it names, in the medium it was used in, which the name of a medium stands for", async () => {
  const settings = (id: string, more = "") => `<ObjectiveSettings ID="${id}" ${more}/>`;
  assertEquals(
    await objectives(
      LENSES,
      ...[
        settings("O:1"),
        settings("O:0", 'Medium="Glycerol"'),
        settings("O:0", 'Medium="Oil" RefractiveIndex="1.518"'),
      ],
    ),
    [{ na: 0.8, immersionIndex: 1 }, { na: 1.4, immersionIndex: 1.47 }, { na: 1.4, immersionIndex: 1.518 }],
  );
});

Deno.test("the only lens there is is that of an image that names none; of several, none is", async () => {
  const only = '<Instrument><Objective ID="O:0" LensNA="1.2" Immersion="WaterDipping"/></Instrument>';
  assertEquals(await objectives(only, "", "<Description/>"), Array(2).fill({ na: 1.2, immersionIndex: 1.33 }));
  assertEquals(await objectives(LENSES, "", '<ObjectiveSettings ID="O:7"/>'), [undefined, undefined]);
});

Deno.test("what no lens can have is not stated", async () => {
  const odd = '<Instrument><Objective ID="O:0" LensNA="63" Immersion="Other"/></Instrument>';
  assertEquals(await objectives(odd, '<ObjectiveSettings ID="O:0" RefractiveIndex="0"/>'), [undefined]);
});
