/** A place for the output beside its source. */

/** Endings of sources. */
const ENDING = /(\.ome)?\.(zarr|tiff?|zip|ozx)$/i;

/** Address or path for the output; empty where nothing can be written beside the source, as on a web server. */
export function suggestedOutput(source: string): string {
  const plain = source.trim().replace(/[\\/]+$/, "");
  if (plain === "" || /^https?:/i.test(plain) || /[?*#]/.test(plain)) return "";
  return `${plain.replace(ENDING, "")}-deconvolved.ome.zarr`;
}
