/** Bad voxels are refused or treated as documented; they never spread in silence. */
import { isClearstackError } from "shared/errors.ts";
import { differenceOfPeak, type Property } from "../property.ts";
import { blobs, home } from "../specimens.ts";
import { NotApplicable, type Subject } from "../subject.ts";

export const ROBUSTNESS: readonly Property[] = [NaN, Infinity].map((bad): Property => ({
  name: `an image with a voxel of ${bad} is refused`,
  how: "an error counts as refused; else the voxels that came back NaN or infinite",
  unit: "voxels",
  limit: 0,
  async measure(subject) {
    const data = blobs(subject);
    data[100] = bad;
    try {
      return await badVoxels(subject, data);
    } catch (refusal) {
      if (refusal instanceof NotApplicable) throw refusal;
      if (subject.own && !isClearstackError(refusal, "corrupt-data")) throw refusal;
      return 0;
    }
  },
})).concat([
  {
    name: "zeros in the image do no harm",
    how: "blobs in a box of zeros, 30 iterations; voxels that came back NaN, infinite or negative",
    unit: "voxels",
    limit: 0,
    measure: (subject) => badVoxels(subject, blobs({ home: subject.home, edges: "zero" })),
  },
  {
    name: "negative values in the image do no harm",
    how: "every 50th voxel set to -3, 30 iterations; voxels that came back NaN, infinite or negative",
    unit: "voxels",
    limit: 0,
    measure: (subject) => badVoxels(subject, withNegatives(subject)),
  },
  {
    name: "negative values count as 0",
    how: "the same against zeros in their place; largest difference",
    unit: "of the peak",
    limit: 0,
    async measure(subject) {
      const data = withNegatives(subject);
      const run = { ...home(subject), iterations: 10 };
      const { estimate } = await subject.run(data.map((value) => Math.max(value, 0)), run);
      return differenceOfPeak((await subject.run(data, run)).estimate, estimate);
    },
  },
]);

function withNegatives(subject: Subject): Float32Array {
  return blobs(subject).map((value, i) => (i % 50 === 0 ? -3 : value));
}

async function badVoxels(subject: Subject, data: Float32Array): Promise<number> {
  const { estimate } = await subject.run(data, { ...home(subject), iterations: 30 });
  let bad = 0;
  for (let i = 0; i < estimate.length; i++) if (!(estimate[i] >= 0 && Number.isFinite(estimate[i]))) bad++;
  return bad;
}
