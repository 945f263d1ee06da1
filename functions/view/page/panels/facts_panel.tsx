/** How the deconvolved image was made: from its own record, or from the plan of a view. */
import { resultFacts, resultWarnings } from "../data/result_facts.ts";
import { shortNumber, unitSymbol } from "../state/scale_bar.ts";
import type { Picture } from "../data/picture.ts";
import type { Viewer } from "../state/viewer.ts";
import { FactList } from "./fact_list.tsx";

/** The panels of both images. */
export function FactsPanel({ viewer }: { readonly viewer: Viewer }) {
  const { after } = viewer.pictures.value;
  const record = viewer.plan.value ?? after?.provenance ?? {};
  const facts = resultFacts(record);
  const reference = viewer.reference.value!;
  return (
    <>
      <section class="panel" aria-labelledby="image-title">
        <h2 id="image-title">Image</h2>
        <FactList facts={imageFacts(reference)} />
      </section>
      {facts.length > 0 && (
        <section class="panel" aria-labelledby="facts-title">
          <h2 id="facts-title">{viewer.plan.value === undefined ? "Deconvolution" : "Plan"}</h2>
          <FactList facts={facts} />
          {resultWarnings(record).map((warning) => <p key={warning} class="warning">{warning}</p>)}
        </section>
      )}
    </>
  );
}

function imageFacts({ name, levels, unit, zarrFormat }: Picture): [string, string][] {
  const { shape, spacing, axes } = levels[0]!;
  const symbol = unitSymbol(unit);
  return [
    ["Name", name],
    ["Size " + axes.join(", "), axes.map((axis) => shape[axis]).join(" × ")],
    ["Voxel z, y, x", `${(["z", "y", "x"] as const).map((axis) => shortNumber(spacing[axis])).join(" × ")} ${symbol}`],
    ["Levels", String(levels.length)],
    ["Format", zarrFormat === undefined ? "TIFF" : `Zarr v${zarrFormat}`],
  ];
}
