/** The same data in other viewers. */
import { napariCommand, viewerLinks } from "../data/elsewhere.ts";
import { SIDES } from "../data/picture.ts";
import { announce, type Viewer } from "../state/viewer.ts";

/** The panel. */
export function ElsewherePanel({ viewer }: { readonly viewer: Viewer }) {
  const images = SIDES.flatMap((side) => {
    const picture = viewer.pictures.value[side];
    // What lies in this browser, no other program can read.
    if (picture?.zarrFormat === undefined || !/^https?:/i.test(picture.url)) return [];
    return [{ url: picture.url, label: side, zarrFormat: picture.zarrFormat }];
  });
  if (images.length === 0) return null;
  const command = napariCommand(images.map(({ url }) => url));
  return (
    <section class="panel" aria-labelledby="elsewhere-title">
      <h2 id="elsewhere-title">Open in</h2>
      <ul class="links">
        {viewerLinks(images).map(({ viewer: name, href }) => (
          <li key={name}>
            <a href={href} target="_blank" rel="noreferrer noopener">{name}</a>
          </li>
        ))}
      </ul>
      <p class="command">
        <code>{command}</code>
        <button
          type="button"
          aria-label="Copy the command for napari"
          onClick={async () => {
            await navigator.clipboard.writeText(command);
            announce(viewer, "Copied");
          }}
        >
          Copy
        </button>
      </p>
      <p class="note">
        Fiji: Plugins, BigDataViewer, HDF5/N5/Zarr/OME-NGFF Viewer, then paste the address of the image.
      </p>
    </section>
  );
}
