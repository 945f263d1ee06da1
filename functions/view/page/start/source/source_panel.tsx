/** The image that is named: what the service says of it, and how it looks. */
import type { Select } from "shared/contract/job_request.ts";
import { FactList } from "../../panels/fact_list.tsx";
import { sourceFacts } from "../plan/plan_facts.ts";
import { CropFrame } from "./crop_frame.tsx";
import { Preview } from "./preview.tsx";
import type { NamedImage } from "./source.ts";

/** Images that are listed of a source that has more. */
const MAX_LISTED = 200;

interface SourcePanelProps {
  readonly source: NamedImage;
  /** Path of the image that is chosen; empty for the first. */
  readonly path: string;
  readonly choose: (path: string) => void;
  /** Part of the image that the request takes. */
  readonly crop: Select["box"];
}

/** The facts and the picture; nothing while nothing is known. */
export function SourcePanel({ source, path, choose, crop }: SourcePanelProps) {
  const { shown } = source.answer.value ?? {};
  if (shown === undefined) return null;
  const { image, paths, url } = shown;
  return (
    <div class="shown">
      {(paths.length > 1 || path !== "") && <Choice {...{ paths, path, choose }} />}
      <Preview key={url} url={url} plane="xy" words="The middle plane of the image">
        {crop !== undefined && <CropFrame image={image} box={crop} />}
      </Preview>
      <div>
        <FactList facts={sourceFacts(image)} />
        {image.warnings?.map(({ message }) => <p key={message} class="warning">{message}</p>)}
        <p>
          <a href={`./?${new URLSearchParams({ image: url })}`}>Look at it in the viewer</a>
        </p>
      </div>
    </div>
  );
}

interface ChoiceProps extends Pick<SourcePanelProps, "path" | "choose"> {
  readonly paths: readonly string[];
}

/** Of a source of several images, the one that is taken. */
function Choice({ paths, path, choose }: ChoiceProps) {
  // Once one is named, the service knows of that one alone.
  if (paths.length === 1) {
    return (
      <p>
        Image {path} of this source. <button type="button" onClick={() => choose("")}>Choose another</button>
      </p>
    );
  }
  const more = paths.length > MAX_LISTED ? ` The first ${MAX_LISTED} are listed.` : "";
  return (
    <div class="field">
      <label for="source-image">{`Image of this source, which has ${paths.length}`}</label>
      <select id="source-image" onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {paths.slice(0, MAX_LISTED).map((one) => <option key={one} value={one} selected={one === path}>{one}</option>)}
      </select>
      <p class="note">{`Planned is one; to take all of them, choose “all” under “How the image is read”.${more}`}</p>
    </div>
  );
}
