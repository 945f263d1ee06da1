/**
 * Names, colors and wavelengths of channels, from OME-Zarr and OME-XML. They are for people and viewers and decide no voxel,
 * so that what cannot be understood is left out rather than refused.
 */
import type { Axis, Channel, ImageInfo, OpticsOrigin } from "shared/contract/image_info.ts";
import { asRecord } from "../zarr/zarr_node.ts";
import type { Attributes } from "./ome_xml.ts";

/** Lengths in nanometres, by the unit's symbol in OME-XML. */
const NANOMETRES: Readonly<Record<string, number>> = { nm: 1, "\u00b5m": 1000, "\u03bcm": 1000, um: 1000 };

/** The channels of the `omero` block of a group's attributes; empty if there is none. */
export function omeroChannels(attributes: Record<string, unknown>): Channel[] {
  const omero = asRecord(asRecord(attributes.ome).omero ?? attributes.omero);
  if (!Array.isArray(omero.channels)) return [];
  return omero.channels.map(asRecord).map(({ label, color, emissionWave }) => ({
    ...nameOf(label),
    ...colorOf(color),
    ...wavelengthOf(emissionWave),
  }));
}

/** The channels of OME-XML (schema of June 2016), whose colors are signed 32-bit RGBA. */
export function omeXmlChannels(channels: readonly Attributes[]): Channel[] {
  return channels.map((channel) => {
    const rgba = Number(channel.Color ?? NaN);
    const wavelength = Number(channel.EmissionWavelength ?? NaN);
    return {
      ...nameOf(channel.Name),
      ...(Number.isInteger(rgba) ? colorOf(hexColor(rgba >>> 8)) : {}),
      ...wavelengthOf(wavelength * (NANOMETRES[channel.EmissionWavelengthUnit ?? "nm"] ?? NaN)),
    };
  });
}

/** `RRGGBB` of a number whose low 24 bits are red, green and blue. */
export function hexColor(rgb: number): string {
  return (rgb & 0xffffff).toString(16).padStart(6, "0");
}

/**
 * The channels, if they say anything and are no more than the image has; those that are not named are left without words.
 *
 * @param from metadata that they are of
 */
export function channelsFor(
  { axes, shape }: { readonly axes: readonly Axis[]; readonly shape: readonly number[] },
  channels: readonly Channel[] = [],
  from: OpticsOrigin = "OME-XML",
): Pick<ImageInfo, "channels" | "emissionFrom"> {
  const count = shape[axes.findIndex(({ name }) => name === "c")] ?? 1;
  const silent = channels.every((channel) => Object.keys(channel).length === 0);
  if (channels.length > count || silent) return {};
  return {
    channels: [...channels, ...Array.from({ length: count - channels.length }, () => ({}))],
    ...(hasWavelength(channels) ? { emissionFrom: from } : {}),
  };
}

/** True for channels of which at least one states its wavelength. */
export function hasWavelength(channels: readonly Channel[]): boolean {
  return channels.some(({ emissionNanometres }) => emissionNanometres !== undefined);
}

function nameOf(label: unknown): Pick<Channel, "name"> {
  const name = typeof label === "string" ? label.trim() : "";
  return name === "" ? {} : { name };
}

function colorOf(color: unknown): Pick<Channel, "color"> {
  const hex = typeof color === "string" ? /^#?([0-9a-f]{6})$/i.exec(color)?.[1] : undefined;
  return hex === undefined ? {} : { color: hex.toUpperCase() };
}

function wavelengthOf(nanometres: unknown): Pick<Channel, "emissionNanometres"> {
  return typeof nanometres === "number" && Number.isFinite(nanometres) && nanometres > 0
    ? { emissionNanometres: nanometres }
    : {};
}
