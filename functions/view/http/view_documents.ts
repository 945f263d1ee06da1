/** The metadata that viewers ask for, in both versions, made by what makes those of finished outputs. */
import type { Plan } from "shared/contract/plan.ts";
import type { Intensity, OmeVersion, StoredArray } from "shared/contract/stored_array.ts";
import type { ChannelWindow } from "shared/image/ome/channel_windows.ts";
import { withOptics } from "shared/image/ome/known_optics.ts";
import { rootAttributes } from "shared/image/ome/ome_metadata.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { arrayDocuments, rootDocuments } from "shared/image/zarr/zarr_documents.ts";
import { redactUrl } from "shared/storage/url.ts";
import { VERSION } from "shared/version.ts";
import { storedWindows } from "./stored_windows.ts";

/** What the documents tell. */
interface ViewDocumentsOptions {
  readonly plan: Plan;
  /** Of the levels, finest first. */
  readonly arrays: readonly StoredArray[];
  /** Brightness of each channel, where it is known. */
  readonly windows?: readonly ChannelWindow[] | undefined;
  /** What stored integers stand for, where that is decided. */
  readonly intensity?: Intensity | undefined;
}

/** Documents of a view by their keys. */
export function viewDocuments(
  version: OmeVersion,
  { plan, arrays: stored, windows, intensity }: ViewDocumentsOptions,
): ReadonlyMap<string, Uint8Array> {
  const arrays = stored.map((array) => ({ ...array, version }));
  const { source, levels, algorithm, tile, halo, planHash } = plan;
  const provenance = {
    version: VERSION,
    planHash,
    algorithm: { name: "richardson-lucy", ...algorithm },
    source: { url: redactUrl(source.url), path: source.path, identity: source.identity },
    tile,
    halo,
    view: true,
    ...(intensity ? { intensity } : {}),
    ...(levels.length === 0 ? {} : { approximate: approximateLevels(levels.length) }),
  };
  const { dtype } = arrays[0]!;
  const shown = storedWindows(windows, { dtype, intensity });
  const attributes = rootAttributes(withOptics(source, plan.psf), {
    version,
    levels,
    dtype,
    windows: shown,
    provenance,
  });
  const ofArrays = arrays.flatMap(arrayDocuments);
  const ofRoot = rootDocuments(version, attributes, arrays).map(([key, document]) =>
    [key, key === "zarr.json" ? consolidated(document, ofArrays) : document] as const
  );
  return new Map([...ofRoot, ...ofArrays].map(([key, document]) => [key, encodeJson(document)]));
}

function approximateLevels(count: number) {
  return {
    levels: Array.from({ length: count }, (_, index) => String(index + 1)),
    until: "all tiles of full resolution below a tile of the level have been computed",
    how:
      "the mean of the source, deconvolved with the mean of the PSF; where the PSF is narrower than two voxels of the " +
      "level, the mean of the source itself",
  };
}

/** The root of a Zarr v3 with the metadata of its arrays in it, so that a reader needs one request. */
function consolidated(
  root: Record<string, unknown>,
  ofArrays: readonly (readonly [string, Record<string, unknown>])[],
): Record<string, unknown> {
  const metadata = Object.fromEntries(ofArrays.map(([key, document]) => [key.replace(/\/zarr\.json$/, ""), document]));
  return { ...root, consolidated_metadata: { kind: "inline", must_understand: false, metadata } };
}
