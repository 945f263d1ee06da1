/** Buttons of which one is chosen. */
import type { Signal } from "@preact/signals";

interface SegmentedProps<Value extends string> {
  /** What is chosen, for those who do not see the buttons beside it. */
  readonly label: string;
  readonly choices: readonly (readonly [value: Value, words: string])[];
  readonly chosen: Signal<Value>;
  /** @default {sets `chosen`} */
  readonly choose?: (value: Value) => void;
}

/** Radio buttons that look like one control; arrow keys choose, as the browser has it. */
export function Segmented<Value extends string>({ label, choices, chosen, choose }: SegmentedProps<Value>) {
  return (
    <fieldset class="segmented">
      <legend class="hidden">{label}</legend>
      {choices.map(([value, words]) => (
        <label key={value}>
          <input
            type="radio"
            name={label}
            value={value}
            checked={chosen.value === value}
            onChange={() => choose === undefined ? chosen.value = value : choose(value)}
          />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}
