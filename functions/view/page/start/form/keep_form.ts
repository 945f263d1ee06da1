/** Keeps what the form holds in the history of the tab, so that reloading the page or coming back to it loses nothing. */
import { effect } from "@preact/signals";
import { z } from "zod";
import type { JobFormState } from "./job_form_state.ts";

/** Pause after the last change, milliseconds: browsers bound how often a page writes its history. */
const PAUSE = 300;

const KeptSchema = z.object({ texts: z.record(z.string(), z.string()), psfWay: z.enum(["optics", "url"]) });

/** Fills the form with what was kept, and keeps what becomes of it. */
export function keepForm({ texts, psfWay }: JobFormState): void {
  const { data } = KeptSchema.safeParse(history.state);
  if (data !== undefined) {
    texts.value = data.texts;
    psfWay.value = data.psfWay;
  }
  effect(() => {
    const kept = { texts: texts.value, psfWay: psfWay.value };
    const timer = setTimeout(() => history.replaceState(kept, ""), PAUSE);
    return () => clearTimeout(timer);
  });
}
