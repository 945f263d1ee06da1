/** OME-XML of an OME-TIFF of one image in one file (schema of June 2016). */
import type { Dtype } from "shared/contract/image_info.ts";
import { VERSION } from "shared/version.ts";
import { unitSymbol } from "../../axes.ts";
import { axisOf, type Described, isCalibrated, lengthsOf, type ShownChannel } from "./described_image.ts";

const SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06";

/** Names of the types of voxels; those that are missing have none in OME. */
export const OME_TYPES: Partial<Record<Dtype, string>> = {
  int8: "int8",
  uint8: "uint8",
  int16: "int16",
  uint16: "uint16",
  int32: "int32",
  uint32: "uint32",
  float32: "float",
  float64: "double",
};

/** Of the annotation that says what stored integers stand for. */
const CALIBRATION = "clearstack/intensity";

/** Length without a unit, in the schema's words. */
const UNITLESS = "reference frame";

/** The text, in ASCII. The order of pages is z, then c, then t. */
export function omeDescription(info: Described, channels: readonly ShownChannel[], name: string): string {
  const { t, c, z } = lengthsOf(info);
  const [height, width] = info.shape.slice(-2) as [number, number];
  const pixels = {
    ID: "Pixels:0",
    DimensionOrder: "XYZCT",
    Type: OME_TYPES[info.dtype],
    BigEndian: "false",
    Interleaved: "false",
    SizeX: width,
    SizeY: height,
    SizeZ: z,
    SizeC: c,
    SizeT: t,
    ...sizes(info),
    ...times(info),
  };
  const elements = Array.from({ length: c }, (_, index) => channelElement(channels[index] ?? {}, index));
  const root = {
    xmlns: SCHEMA,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": `${SCHEMA} ${SCHEMA}/ome.xsd`,
    Creator: `Clearstack ${VERSION}`,
  };
  const lens = lensElements(info.objective);
  const calibration = calibrationElements(info.intensity);
  return `<?xml version="1.0" encoding="UTF-8"?><OME${attributes(root)}>${lens.instrument}` +
    `<Image${attributes({ ID: "Image:0", Name: name })}>${lens.settings}` +
    `<Pixels${attributes(pixels)}>${elements.join("")}` +
    `<TiffData${attributes({ IFD: 0, PlaneCount: t * c * z })}/></Pixels>${calibration.reference}</Image>` +
    `${calibration.annotations}</OME>`;
}

/** An Instrument with the lens, and what of the image refers to it. */
function lensElements(objective: Described["objective"]): { readonly instrument: string; readonly settings: string } {
  if (objective === undefined) return { instrument: "", settings: "" };
  const [instrument, lens] = [{ ID: "Instrument:0" }, { ID: "Objective:0:0" }];
  const { na: LensNA, immersionIndex: RefractiveIndex } = objective;
  return {
    instrument: `<Instrument${attributes(instrument)}><Objective${attributes({ ...lens, LensNA })}/></Instrument>`,
    settings: `<InstrumentRef${attributes(instrument)}/><ObjectiveSettings${
      attributes({ ...lens, RefractiveIndex })
    }/>`,
  };
}

/** Pixels have no calibration of values in the schema; a map of keys and values is what all readers of it show. */
function calibrationElements(intensity: Described["intensity"]) {
  if (intensity === undefined) return { reference: "", annotations: "" };
  const id = { ID: "Annotation:0" };
  const entries = Object.entries(intensity).map(([key, value]) =>
    `<M${attributes({ K: key })}>${escaped(String(value))}</M>`
  );
  return {
    reference: `<AnnotationRef${attributes(id)}/>`,
    annotations: `<StructuredAnnotations><MapAnnotation${attributes({ ...id, Namespace: CALIBRATION })}>` +
      `<Description>value = offset + scale * stored, in the units of the source</Description>` +
      `<Value>${entries.join("")}</Value></MapAnnotation></StructuredAnnotations>`,
  };
}

function sizes(info: Described): Record<string, string | number> {
  if (!isCalibrated(info)) return {};
  const entries = (["x", "y", "z"] as const).flatMap((name) => {
    const axis = axisOf(info, name);
    if (axis === undefined) return [];
    const key = `PhysicalSize${name.toUpperCase()}`;
    return [[key, axis.scale], [`${key}Unit`, symbolOf(axis.unit) ?? UNITLESS]] as const;
  });
  return Object.fromEntries(entries);
}

function times(info: Described): Record<string, string | number> {
  const axis = axisOf(info, "t");
  const unit = symbolOf(axis?.unit);
  return axis === undefined || unit === undefined ? {} : { TimeIncrement: axis.scale, TimeIncrementUnit: unit };
}

/** The symbol of a unit that OME knows. */
function symbolOf(unit: string | undefined): string | undefined {
  const symbol = unit === undefined ? undefined : unitSymbol(unit);
  return symbol === unit ? undefined : symbol;
}

function channelElement({ name, color, emissionNanometres }: ShownChannel, index: number): string {
  return `<Channel${
    attributes({
      ID: `Channel:0:${index}`,
      SamplesPerPixel: 1,
      Name: name,
      // Red, green, blue and opacity as one signed number.
      Color: color === undefined ? undefined : Number.parseInt(`${color}FF`, 16) | 0,
      EmissionWavelength: emissionNanometres,
      EmissionWavelengthUnit: emissionNanometres === undefined ? undefined : "nm",
    })
  }/>`;
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values).map(([name, value]) =>
    value === undefined ? "" : ` ${name}="${escaped(String(value))}"`
  )
    .join("");
}

/** What is not ASCII, or means something in XML, by its number; what XML cannot hold is left out. */
function escaped(text: string): string {
  // deno-lint-ignore no-control-regex -- what XML forbids
  const held = text.toWellFormed().replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "");
  return held.replaceAll(/[^\x20-\x7e]|[&<>"']/gu, (sign) => `&#${sign.codePointAt(0)};`);
}
