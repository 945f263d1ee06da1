// The structs that shaders bind: numbers that change from box to box, from run to run, or from slab to slab. All but the last
// take at most 32 bytes. A shader holds those that it binds.

// The box as kernels see it: complex numbers of a row of a spectrum and of a plane, rows of a plane, planes of a part,
// workgroups of a row kernel that share a plane, one over the voxels, and 0, see stockham.ts.
struct Sizes { half_width: u32, plane: u32, rows: u32, planes: u32, row_groups: u32, scale: f32, zero: u32 }

// Numbers of the model, see docs/algorithms.md.
struct Parameters {
  epsilon: f32, inverse_scale: f32, background: f32, saturation: f32,
  damping: f32, variation_weight: f32, variation_smoothing: f32, held_out_ratio: f32,
}

// The plane of the box in which a slab begins.
struct Slab { first_plane: u32 }

// A part of the box: its first voxel and the one after its last along each axis.
struct Region { z: vec2u, y: vec2u, x: vec2u }

// The part of the box that starts from the data, and the value from which the rest starts; or the estimate is what it starts from.
struct Start { z: vec2u, y: vec2u, x: vec2u, elsewhere: f32, is_given: u32 }

// The state of the extrapolation; all zero before the first iteration.
struct Momentum { factor: f32, iterations: f32 }

// The sign of imaginary parts, and whether a multiplication leaves the transform as it is before it.
struct Projection { conjugation: f32, keeps: u32 }

// A part of a volume, in words: where it begins, from row to row, from plane to plane; its width, its height, its words.
struct Cut { origin: u32, row: u32, plane: u32, width: u32, height: u32, count: u32, target_origin: u32 }

// Pairs of sums since they were last read, as many as MAX_MEASUREMENTS of measurement.ts.
struct Measurements { count: u32, totals: array<vec2f, 256> }
