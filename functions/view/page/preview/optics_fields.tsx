/** Where the PSF comes from, and the optics that it is computed from. */
import { placeFiles } from "../files/place_files.ts";
import type { Viewer } from "../state/viewer.ts";
import type { Preview } from "./preview.ts";
import type { PreviewSettings } from "./settings.ts";

interface OpticsFieldsProps {
  readonly viewer: Viewer;
  readonly preview: Preview;
}

const SOURCES = [["optics", "Optics"], ["address", "Address"], ["file", "File"]] as const;

/** The fields. */
export function OpticsFields({ preview }: OpticsFieldsProps) {
  const { settings, change } = preview;
  const { psfFrom } = settings.value;
  return (
    <>
      <p class="field-title" aria-hidden="true">PSF from</p>
      <fieldset class="segmented">
        <legend class="hidden">PSF from</legend>
        {SOURCES.map(([value, words]) => (
          <label key={value}>
            <input
              type="radio"
              name="psf-from"
              value={value}
              checked={psfFrom === value}
              onChange={() => change({ psfFrom: value })}
            />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
      {psfFrom === "optics" && <Optics preview={preview} />}
      {psfFrom === "address" && (
        <Text
          preview={preview}
          name="psfAddress"
          label="Address of a TIFF or Zarr"
          example="https://example.org/psf.tif"
        />
      )}
      {psfFrom === "file" && <PsfFile preview={preview} />}
    </>
  );
}

function Optics({ preview }: { readonly preview: Preview }) {
  const { stated } = preview;
  const needsSize = stated.value !== undefined && stated.value.voxelMicrometre === undefined;
  return (
    <div class="optics">
      <Text preview={preview} name="na" label="Numerical aperture" example="1.4" />
      <Text preview={preview} name="immersionIndex" label="Immersion index" example="1.515" />
      <Text preview={preview} name="emission" label="Emission, nm" example="525" />
      <Text preview={preview} name="sampleIndex" label="Sample index" example="as immersion" />
      {needsSize && <Text preview={preview} name="voxelWidth" label="Voxel y, x, µm" example="0.1" />}
      {needsSize && stated.value!.depth > 1 && (
        <Text preview={preview} name="voxelDepth" label="Voxel z, µm" example="0.3" />
      )}
    </div>
  );
}

/** Settings that are text. */
type TextName = {
  [Name in keyof PreviewSettings]: PreviewSettings[Name] extends string ? string extends PreviewSettings[Name] ? Name
    : never
    : never;
}[keyof PreviewSettings];

interface TextProps {
  readonly preview: Preview;
  readonly name: TextName;
  readonly label: string;
  readonly example: string;
}

function Text({ preview, name, label, example }: TextProps) {
  const { settings, change } = preview;
  return (
    <label class="field">
      {label}
      <input
        type="text"
        inputMode={name === "psfAddress" ? "url" : "decimal"}
        autocomplete="off"
        value={settings.value[name]}
        placeholder={example}
        onInput={(event) => change({ [name]: event.currentTarget.value }, true)}
      />
    </label>
  );
}

function PsfFile({ preview }: { readonly preview: Preview }) {
  const { settings, change, worker } = preview;
  return (
    <label class="field">
      TIFF or zipped Zarr
      <input
        type="file"
        accept=".tif,.tiff,.zip,.ozx"
        onChange={async (event) => {
          const file = event.currentTarget.files?.[0];
          if (file === undefined) return;
          const url = await placeFiles(worker, [{ key: file.name, file }]);
          change({ psfFile: { name: file.name, url } });
        }}
      />
      <span class="note">{settings.value.psfFile?.name}</span>
    </label>
  );
}
