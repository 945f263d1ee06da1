/** Choices of the form in plain words: what each is called, with its name in a request behind it, and what it does. */

/** Label and explanation. */
type ChoiceWords = readonly [label: string, explanation: string];

/** By the path of the field, then by the value. A test holds them to the contract. */
const CHOICES: Readonly<Record<string, Readonly<Record<string, ChoiceWords>>>> = {
  "source.pages": {
    "as-stated": ["As the file states", "A file that lacks pages which it says it has is refused."],
    "as-listed": ["Those that are there", "Cut to whole time points, where the file says that it has more."],
  },
  "source.series": {
    "all": ["All of them", "One output for each image; the output is then their folder."],
  },
  "algorithm.boundary": {
    "non-circulant": ["Unknown", "Nothing is assumed of what lies outside the image."],
    "symmetric": ["Mirrored", "The image goes on as its mirror image."],
    "nearest": ["Edge goes on", "Voxels at the edge are repeated outwards."],
    "constant": ["A constant", "All outside has one value."],
    "periodic": ["Repeated", "The image begins again at its other side, as in plain Fourier transforms."],
  },
  "algorithm.acceleration": {
    "none": ["None", "Plain Richardson-Lucy: several times as many iterations for the same sharpness."],
    "shb": ["Heavy ball", "Each step carries some of the last one on: the same sharpness in fewer iterations."],
    "biggs": ["Biggs-Andrews", "Each step is as long as the last two suggest: the same sharpness in fewer iterations."],
  },
  "algorithm.start": {
    "data": ["The image", "The first estimate is the image itself."],
    "flat": ["A constant", "The first estimate has one value everywhere, which brings no noise along."],
  },
  "algorithm.backProjector": {
    "matched": ["The PSF itself", "The exact counterpart of the blur: keeps intensities."],
    "wiener-butterworth": ["Wiener-Butterworth", "A preview: needs fewer iterations and does not keep intensities."],
  },
  "algorithm.otfPrecision": {
    "float32": ["Single precision", "As exact as everything else."],
    "float16": ["Half precision", "A GPU needs less memory and time, with errors of about 1e-4 of the peak."],
  },
  "algorithm.stop": {
    "noise": [
      "The noise of the image",
      "As many as the noise of the image bears, and no more than the most that is allowed.",
    ],
    "fixed": ["The number of iterations", "All of them are run."],
    "divergence": ["Fit to the image", "Ends once an iteration hardly brings the result closer to the image."],
    "held-out": ["Held-out photons", "Ends once more iterations would fit noise, by photons that are kept apart."],
  },
  "output.ifExists": {
    "fail": ["Refuse it", "An unfinished one of the same plan is continued, a finished one refused."],
    "resume": ["Continue or accept it", "An unfinished one of the same plan is continued, a finished one accepted."],
    "overwrite": ["Replace it", "An earlier output of Clearstack is removed first."],
  },
  "output.pyramid": {
    "auto": ["Write them", "Each has half the resolution of the last, until one fits a viewer's window."],
    "none": ["Leave them out", "Full resolution only; viewers open large images slowly."],
  },
  "output.dtype": {
    "float32": ["Decimal numbers", "Values in the units of the image."],
    "uint16": ["Whole numbers of 16 bits", "Half of the bytes, in steps that the output states the scale of."],
    "uint8": ["Whole numbers of 8 bits", "A quarter of the bytes, in steps that the output states the scale of."],
  },
  "output.version": {
    "0.5": ["OME-Zarr 0.5", "Stored as Zarr v3."],
    "0.4": ["OME-Zarr 0.4", "Stored as Zarr v2, for programs that do not read 0.5."],
  },
  "psfPlane": {
    "focus": ["Plane of focus", "Of a PSF of several planes, the brightest one is taken."],
    "project": ["Projection along z", "All planes of the PSF are added up."],
  },
  "psfSpacing": {
    "match": ["Resample it", "The PSF is brought to the voxel size of the image."],
    "keep": ["Keep it", "The PSF is used voxel by voxel, whatever size it states."],
  },
  "backend": {
    "auto": ["What is fastest", "A GPU if there is one."],
    "webgpu": ["GPU", "By WebGPU; the job is refused where there is none."],
    "cpu": ["Processor", "In WebAssembly, on all cores."],
  },
};

/** Label of a choice: `Heavy ball (shb)`; the value where it has no words. */
export function choiceLabel(path: string, value: string): string {
  const words = CHOICES[path]?.[value];
  return words === undefined ? value : `${words[0]} (${value})`;
}

/** What a choice does; undefined where nothing is chosen. */
export function choiceExplanation(path: string, value: string): string | undefined {
  return CHOICES[path]?.[value]?.[1];
}
