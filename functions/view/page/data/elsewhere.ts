/** The same data in other viewers. */

/** Address of a viewer that opens an image. */
interface ViewerLink {
  readonly viewer: string;
  readonly href: string;
}

/** Images to open: addresses of OME-Zarrs, and the version of their Zarr. */
interface OpenedImage {
  readonly url: string;
  readonly label: string;
  readonly zarrFormat: 2 | 3;
}

/** Links that open images in viewers of other projects; vizarr shows one image at a time. */
export function viewerLinks(images: readonly OpenedImage[]): ViewerLink[] {
  return [
    { viewer: "neuroglancer", href: neuroglancerLink(images) },
    ...images.map(({ url, label }) => ({
      viewer: images.length > 1 ? `vizarr, ${label}` : "vizarr",
      href: `https://hms-dbmi.github.io/vizarr/?source=${encodeURIComponent(url)}`,
    })),
  ];
}

function neuroglancerLink(images: readonly OpenedImage[]): string {
  const state = {
    layers: images.map(({ url, label, zarrFormat }) => ({
      type: "image",
      source: `${url}|zarr${zarrFormat}:`,
      name: label,
    })),
    layout: images.length > 1
      ? { type: "row", children: images.map(({ label }) => ({ type: "viewer", layers: [label], layout: "4panel" })) }
      : "4panel",
  };
  return `https://neuroglancer-demo.appspot.com/#!${encodeURIComponent(JSON.stringify(state))}`;
}

/** Command that opens images in napari. */
export function napariCommand(urls: readonly string[]): string {
  return `napari --plugin napari-ome-zarr ${urls.map(quoted).join(" ")}`;
}

/** A word of a shell's command. */
function quoted(word: string): string {
  return /^[\w:/.,~@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
