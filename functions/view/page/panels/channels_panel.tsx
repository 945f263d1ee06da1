/** Channels: which are shown, in which color, and at which contrast. */
import { type Side, SIDES } from "../data/picture.ts";
import { autoContrast, type Histogram as Counts } from "../state/contrast.ts";
import { setChannel, setContrast, shownContrast, type Viewer } from "../state/viewer.ts";
import type { ShownValues } from "../shown_values.ts";
import { Histogram } from "./histogram.tsx";

interface ChannelsPanelProps {
  readonly viewer: Viewer;
  readonly values: ShownValues;
}

/** Words for the images. */
const SIDE_WORDS = { before: "Before", after: "After" } as const;

/** The panel. */
export function ChannelsPanel({ viewer, values }: ChannelsPanelProps) {
  const { channels, isContrastShared, pictures } = viewer;
  const { before, after } = pictures.value;
  return (
    <section class="panel" aria-labelledby="channels-title">
      <header>
        <h2 id="channels-title">{channels.value.length > 1 ? "Channels" : "Contrast"}</h2>
        {before && after && (
          <label class="switch">
            <input
              type="checkbox"
              checked={isContrastShared.value}
              onChange={() => isContrastShared.value = !isContrastShared.value}
            />
            Shared
          </label>
        )}
      </header>
      {channels.value.map((_, channel) => (
        <ChannelRow
          key={channel}
          viewer={viewer}
          values={values}
          channel={channel}
        />
      ))}
    </section>
  );
}

function ChannelRow({ viewer, values, channel }: ChannelsPanelProps & { readonly channel: number }) {
  const { name, color, visible } = viewer.channels.value[channel]!;
  const open = SIDES.filter((side) => channel < (viewer.pictures.value[side]?.channels.length ?? 0));
  const separate = viewer.isContrastShared.value ? open.slice(0, 1) : open;
  return (
    <div class="channel">
      <div class="look">
        <label>
          <input
            type="checkbox"
            checked={visible}
            onChange={() => setChannel(viewer, channel, { visible: !visible })}
          />
          {name}
        </label>
        <input
          type="color"
          value={color}
          aria-label={`Color of ${name}`}
          onInput={(event) => setChannel(viewer, channel, { color: event.currentTarget.value })}
        />
        <button
          type="button"
          onClick={() => autoAll(viewer, values, channel)}
          aria-label={`Auto contrast of ${name}`}
        >
          Auto
        </button>
      </div>
      {visible &&
        separate.map((side) => (
          <ChannelContrast
            key={side}
            {...{ viewer, values, channel, side }}
            title={open.length > 1 ? titleOf(viewer, side) : ""}
          />
        ))}
    </div>
  );
}

function titleOf(viewer: Viewer, side: Side): string {
  return viewer.isContrastShared.value ? "Before and after" : SIDE_WORDS[side];
}

interface ChannelContrastProps extends ChannelsPanelProps {
  readonly channel: number;
  readonly side: Side;
  readonly title: string;
}

function ChannelContrast({ viewer, values, channel, side, title }: ChannelContrastProps) {
  const contrast = shownContrast(viewer, side, channel);
  if (contrast === undefined) return null;
  const { name, color } = viewer.channels.value[channel]!;
  const counts: Counts | undefined = values.counts.value[side][channel];
  return (
    <div class="contrast">
      {title && <span class="title">{title}</span>}
      <Histogram
        label={title ? `${name}, ${title.toLowerCase()}` : name}
        counts={counts}
        contrast={contrast}
        color={color}
        change={(changed) => setContrast(viewer, side, channel, changed)}
      />
    </div>
  );
}

/** Takes the contrast of a channel from what is shown of it. */
function autoAll(viewer: Viewer, values: ShownValues, channel: number): void {
  for (const side of SIDES) {
    const contrast = autoContrast(values.of(side, channel));
    if (contrast === undefined) continue;
    const changed = viewer.contrasts.value;
    viewer.contrasts.value = { ...changed, [side]: changed[side].with(channel, contrast) };
  }
}
