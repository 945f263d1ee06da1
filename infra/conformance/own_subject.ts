/** Our own backends, as the conformance suite sees them. */
import type { Deconvolver, DeconvolverOptions } from "kernels/deconvolver.ts";
import type { Answer, Deconvolution, Subject } from "./subject.ts";

type DeconvolverFactory = (options: DeconvolverOptions) => Promise<Deconvolver>;

/**
 * Keeps the last deconvolver, because successive runs of a property mostly share one and a device takes time to prepare.
 *
 * @param description the device
 */
export function ownSubject(name: string, description: string, create: DeconvolverFactory): Subject {
  let held: { key: string; deconvolver: Deconvolver } | undefined;
  const deconvolverFor = async (options: DeconvolverOptions) => {
    const key = JSON.stringify(options, (_, value) => (value instanceof Float32Array ? Array.from(value) : value));
    if (held?.key === key) return held.deconvolver;
    await held?.deconvolver.close();
    held = undefined;
    held = { key, deconvolver: await create(options) };
    return held.deconvolver;
  };
  return {
    name,
    description,
    own: true,
    edges: "periodic",
    home: { box: [16, 15, 18], psfShape: [5, 4, 7] },
    async run(data: Float32Array, deconvolution: Deconvolution): Promise<Answer> {
      const { made, run } = split(deconvolution);
      return await (await deconvolverFor(made)).run(data, run);
    },
    async close() {
      await held?.deconvolver.close();
      held = undefined;
    },
  };
}

/** Parts what a deconvolver is made for from what one run is told. */
function split({ iterations, start, observed, measureEvery, measured, heldOut, signal, ...rest }: Deconvolution) {
  const { asShipped: _ours, ...made } = rest;
  const optional = { start, observed, measureEvery, measured, heldOut, signal };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { made, run: { iterations, ...given } };
}
