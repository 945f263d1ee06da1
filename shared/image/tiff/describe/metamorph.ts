/**
 * Stacks of MetaMorph (STK): one directory, and the planes raw behind its first strip. How many there are is the count of UIC2Tag or
 * UIC4Tag ("MetaMorph Stack (STK) Image File Format", Molecular Devices).
 */
import type { RequestOptions } from "shared/storage/store.ts";
import { fullUnitName } from "../../axes.ts";
import type { TiffDirectory, TiffForm } from "../tiff_directory.ts";
import type { Spacing, TiffDescription } from "./description.ts";

const UIC1 = 33628;
const UIC2 = 33629;
const UIC4 = 33631;

/** Entries of UIC1Tag. */
const X_CALIBRATION = 4;
const Y_CALIBRATION = 5;
const CALIBRATION_UNITS = 6;

/** UIC1Tag counts pairs of words, which the type of its field does not. */
const MAX_PAIRS = 1000;

/** Bytes of UIC2Tag for each plane: distance along z as a fraction, day and time of creation and of change. */
const PLANE_BYTES = 24;
const MAX_UNIT_BYTES = 256;
const LONG = 4;
const RATIONAL = 5;

/** What the tags say; undefined for a file that has none of them. */
export async function describeMetaMorph(
  form: TiffForm,
  { entries }: TiffDirectory,
  { signal }: RequestOptions,
): Promise<TiffDescription | undefined> {
  const find = (tag: number) => entries.find((entry) => entry.tag === tag);
  const [uic1, uic2, uic4] = [find(UIC1), find(UIC2), find(UIC4)];
  const pages = uic2?.count ?? uic4?.count;
  if (pages === undefined || pages === 0) return undefined;
  const planes = uic2?.type === RATIONAL ? await planeFacts(form, uic2.offset, pages, signal) : undefined;
  const isPairs = uic1?.type === LONG && uic1.count > 1 && uic1.count <= MAX_PAIRS;
  const calibration = isPairs
    ? await calibrationOf(form, await form.readBytes(uic1.offset, 8 * uic1.count, signal))
    : {};
  const axis = planes?.isTimes ? "t" : "z";
  const z = planes?.distance === undefined
    ? planes?.problem === undefined ? {} : { problem: planes.problem }
    : { distance: planes.distance, ...(calibration.x?.unit === undefined ? {} : { unit: calibration.x.unit }) };
  return {
    pages,
    lengths: { t: 1, c: 1, z: 1, [axis]: pages },
    order: ["z", "c", "t"],
    names: "stated",
    outer: [],
    contiguous: true,
    spacing: { ...calibration, ...(axis === "z" ? { z } : {}) },
  };
}

interface PlaneFacts {
  /** Of neighbours along z, where it is the same for all. */
  readonly distance?: number;
  readonly problem?: string;
  /** True for planes at one place, of different times. */
  readonly isTimes: boolean;
}

async function planeFacts(
  { readBytes }: TiffForm,
  offset: number,
  planes: number,
  signal: AbortSignal | undefined,
): Promise<PlaneFacts> {
  const bytes = await readBytes(offset, planes * PLANE_BYTES, signal);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = Math.floor(bytes.length / PLANE_BYTES);
  const at = (plane: number, word: number) => view.getUint32(PLANE_BYTES * plane + 4 * word, true);
  const distances = Array.from({ length: count }, (_, plane) => at(plane, 0) / at(plane, 1));
  const moments = Array.from({ length: count }, (_, plane) => `${at(plane, 2)} ${at(plane, 3)}`);
  const moved = distances.some((distance) => distance !== 0 && !Number.isNaN(distance));
  if (!moved) return { isTimes: count > 1 && new Set(moments).size === count };
  // The first plane has no plane before it.
  const [distance, ...others] = distances.slice(count > 1 ? 1 : 0);
  const alike = distance !== undefined && distance > 0 && Number.isFinite(distance) &&
    others.every((other) => Math.abs(other - distance) <= 1e-6 * distance);
  return alike
    ? { distance, isTimes: false }
    : { problem: `distances of planes from ${Math.min(...distances)} to ${Math.max(...distances)}`, isTimes: false };
}

/** Pairs of an id and a value, which is the place of the value where that is longer. */
async function calibrationOf(form: TiffForm, pairs: Uint8Array): Promise<{ x?: Spacing; y?: Spacing }> {
  const view = new DataView(pairs.buffer, pairs.byteOffset, pairs.length);
  const places = new Map<number, number>();
  for (let at = 0; at + 8 <= pairs.length; at += 8) places.set(view.getUint32(at, true), view.getUint32(at + 4, true));
  const unit = fullUnitName(await textAt(form, places.get(CALIBRATION_UNITS)));
  const spacing = async (id: number): Promise<Spacing> => {
    const distance = await fractionAt(form, places.get(id));
    return distance === undefined ? {} : { distance, ...(unit === undefined ? {} : { unit }) };
  };
  return { x: await spacing(X_CALIBRATION), y: await spacing(Y_CALIBRATION) };
}

async function fractionAt({ readBytes }: TiffForm, place = 0): Promise<number | undefined> {
  const bytes = place < 8 ? new Uint8Array(0) : await readBytes(place, 8);
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const fraction = view.getUint32(0, true) / view.getUint32(4, true);
  return Number.isFinite(fraction) && fraction > 0 ? fraction : undefined;
}

/** A length, then so many characters. */
async function textAt({ readBytes }: TiffForm, place = 0): Promise<string | undefined> {
  const head = place < 8 ? new Uint8Array(0) : await readBytes(place, 4);
  if (head.length < 4) return undefined;
  const length = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
  if (length > MAX_UNIT_BYTES) return undefined;
  return new TextDecoder("latin1").decode(await readBytes(place + 4, length)).replace(/\0.*$/s, "");
}
