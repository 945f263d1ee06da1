import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { Boundary } from "shared/contract/algorithm.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Box, Vec3 } from "shared/volume/geometry.ts";
import { axesOf } from "shared/image/axes.ts";
import { boxDataType } from "shared/image/read/box_data_type.ts";
import type { Image } from "shared/image/image.ts";
import { observedInBox, readBox } from "shared/image/read/read_box.ts";

interface FakeImage extends Image {
  readonly fetched: string[];
  /** Value at an index along all axes. */
  at(index: readonly number[]): number;
}

/** An image whose voxels are their own position in C order, stored in C or F order chunks. */
function fakeImage(names: string, shape: number[], chunkShape: number[], order: "C" | "F" = "C"): FakeImage {
  const at = (index: readonly number[]) => index.reduce((sum, value, axis) => sum * shape[axis]! + value, 0);
  const strides = chunkShape.map(() => 1);
  const axes = chunkShape.map((_, axis) => axis);
  (order === "C" ? axes.toReversed() : axes).reduce((step, axis) => {
    strides[axis] = step;
    return step * chunkShape[axis]!;
  }, 1);
  const fetched: string[] = [];
  return {
    info: { axes: axesOf(names), shape, chunkShape } as unknown as ImageInfo,
    fetched,
    at,
    readChunk(coords) {
      fetched.push(coords.join());
      const size = chunkShape.reduce((product, side) => product * side, 1);
      const values = new Float64Array(size).fill(NaN);
      for (let element = 0; element < size; element++) {
        const index = coords.map((coord, axis) =>
          coord * chunkShape[axis]! + Math.floor(element / strides[axis]!) % chunkShape[axis]!
        );
        if (index.every((value, axis) => value < shape[axis]!)) values[element] = at(index);
      }
      return Promise.resolve({ values, strides, storedBytes: 10 });
    },
  };
}

/** The boundary rules written once more, voxel by voxel, by walking instead of by arithmetic. */
function naiveIndex(index: number, length: number, boundary: Boundary): number | undefined {
  while (index < 0 || index >= length) {
    if (boundary === "periodic") index += index < 0 ? length : -length;
    else if (boundary === "symmetric") index = index < 0 ? -1 - index : 2 * length - 1 - index;
    else if (boundary === "nearest") index += index < 0 ? 1 : -1;
    else return undefined;
  }
  return index;
}

function naiveBox(
  image: FakeImage,
  outer: readonly number[],
  box: Box,
  boundary: Boundary,
  value: number,
): Float32Array {
  const spatial = image.info.shape.slice(outer.length);
  const shape = spatial.length === 3 ? spatial : [1, ...spatial];
  const voxels: number[] = [];
  for (let z = 0; z < box.shape[0]; z++) {
    for (let y = 0; y < box.shape[1]; y++) {
      for (let x = 0; x < box.shape[2]; x++) {
        const index = [z, y, x].map((offset, axis) => naiveIndex(box.start[axis]! + offset, shape[axis]!, boundary));
        const inside = index.every((at) => at !== undefined);
        voxels.push(
          inside
            ? image.at([...outer, ...index.slice(3 - spatial.length)] as number[])
            : boundary === "constant"
            ? value
            : 0,
        );
      }
    }
  }
  return Float32Array.from(voxels);
}

const BOUNDARIES = ["periodic", "symmetric", "nearest", "constant", "non-circulant"] as const;

/** An image of 1 to 9 voxels per axis, and a box of up to 14 that begins up to 20 voxels before it or ends as far behind. */
const cases = fc.record({
  names: fc.constantFrom("yx", "zyx", "czyx", "tczyx", "cyx"),
  sides: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 5, maxLength: 5 }),
  chunks: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 5, maxLength: 5 }),
  start: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -20, max: 20 }))),
  size: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 14 }))),
  boundary: fc.constantFrom(...BOUNDARIES),
  order: fc.constantFrom("C" as const, "F" as const),
});

Deno.test("any box equals the rule applied voxel by voxel, and every chunk is read once", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ names, sides, chunks, start, size, boundary, order }) => {
      const rank = names.length;
      const image = fakeImage(names, sides.slice(-rank), chunks.slice(-rank), order);
      const outer = [...names].flatMap((name, axis) => "tc".includes(name) ? [image.info.shape[axis]! - 1] : []);
      const flat = !names.includes("z");
      const box = {
        start: (flat ? [0, ...start.slice(1)] : start) as unknown as Vec3,
        shape: (flat ? [1, ...size.slice(1)] : size) as unknown as Vec3,
      };
      const { values, bytesRead } = await readBox(image, { outer, box, boundary, boundaryValue: -7 });
      assertEquals(values, naiveBox(image, outer, box, boundary, -7));
      assertEquals(new Set(image.fetched).size, image.fetched.length);
      assertEquals(bytesRead, 10 * image.fetched.length);
    }),
    { numRuns: 400, seed: 1 },
  );
});

Deno.test("uint8 and uint16 boxes are read as uint16, as float32 where a value outside needs it", async () => {
  const dtypes = [["uint8", Uint8Array], ["uint16", Uint16Array]] as const;
  for (const [dtype, Stored] of dtypes) {
    for (const boundary of BOUNDARIES) {
      for (const boundaryValue of [3, 0.5, -1, 65536]) {
        const source = fakeImage("zyx", [3, 4, 15], [2, 3, 7]);
        const image: Image = {
          info: { ...source.info, dtype },
          readChunk: async (coords) => {
            const chunk = await source.readChunk(coords);
            return { ...chunk, values: Stored.from(chunk.values as Float64Array) };
          },
        };
        const box = { start: [-2, -3, -20] as const, shape: [7, 9, 60] as const };
        const dataType = boxDataType({ dtype, boundary, boundaryValue });
        assertEquals(dataType, boundary === "constant" && boundaryValue !== 3 ? "float32" : "uint16");
        const { values } = await readBox(image, { outer: [], box, boundary, boundaryValue, dataType });
        assertEquals(values instanceof Uint16Array, dataType === "uint16");
        assertEquals(Float32Array.from(values), naiveBox(source, [], box, boundary, boundaryValue));
      }
    }
  }
  for (const dtype of ["int16", "uint32", "float32", "float16"] as const) {
    assertEquals(boxDataType({ dtype, boundary: "periodic" }), "float32");
  }
});

Deno.test("rows long enough to be copied as views equal the rule too", async () => {
  for (const boundary of BOUNDARIES) {
    const image = fakeImage("zyx", [3, 4, 150], [2, 3, 70]);
    const box = { start: [-2, -3, -200] as const, shape: [7, 9, 500] as const };
    const { values } = await readBox(image, { outer: [], box, boundary, boundaryValue: 3 });
    assertEquals(values, naiveBox(image, [], box, boundary, 3));
  }
});

Deno.test("a box far outside a constant boundary touches no chunk", async () => {
  const image = fakeImage("zyx", [4, 4, 4], [2, 2, 2]);
  const { values } = await readBox(image, {
    outer: [],
    box: { start: [10, 0, 0], shape: [2, 2, 2] },
    boundary: "constant",
    boundaryValue: 5,
  });
  assertEquals([...values], Array(8).fill(5));
  assertEquals(image.fetched, []);
});

Deno.test("64-bit integers are rounded once, to the nearest float32", async () => {
  await fc.assert(
    fc.asyncProperty(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.boolean(), async (number, signed) => {
      const values = signed ? BigInt64Array.of(number) : BigUint64Array.of(BigInt.asUintN(64, number));
      const image: Image = {
        info: { axes: axesOf("yx"), shape: [1, 1], chunkShape: [1, 1] } as unknown as ImageInfo,
        readChunk: () => Promise.resolve({ values: values.slice(), strides: [1, 1], storedBytes: 8 }),
      };
      const box = { start: [0, 0, 0], shape: [1, 1, 1] } as const;
      const read = await readBox(image, { outer: [], box, boundary: "periodic" });
      assertEquals(read.values[0], Math.fround(Number(values[0])));
    }),
  );
});

Deno.test("the first chunk that fails stops the reading and is the error thrown", async () => {
  const image = fakeImage("zyx", [64, 4, 4], [1, 4, 4]);
  let calls = 0;
  const failing: Image = {
    info: image.info,
    readChunk: (coords) => {
      calls++;
      if (coords[0] === 3) throw new ClearstackError("corrupt-data", "chunk 3 is damaged");
      return image.readChunk(coords);
    },
  };
  const box = { start: [0, 0, 0], shape: [64, 4, 4] } as const;
  await assertRejects(
    () => readBox(failing, { outer: [], box, boundary: "periodic" }),
    ClearstackError,
    "chunk 3 is damaged",
  );
  // Those in flight with it may end; the other 50 or so must not begin.
  assertEquals(calls < 20, true);
});

Deno.test("the observed part of a box is its overlap with the image", () => {
  assertEquals(observedInBox([10, 10, 10], { start: [-3, 4, 20], shape: [8, 20, 4] }), {
    start: [3, 0, 0],
    shape: [5, 6, 0],
  });
  assertEquals(observedInBox([10, 10, 10], { start: [2, 2, 2], shape: [4, 4, 4] }), {
    start: [0, 0, 0],
    shape: [4, 4, 4],
  });
  assertEquals(observedInBox([2, 2, 2], { start: [-9, -2, -1], shape: [4, 4, 4] }).shape, [0, 2, 2]);
});
