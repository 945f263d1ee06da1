// The structs that shaders bind: numbers that change from run to run, or from slab to slab. All but the last take 32 bytes.

// Numbers of the model, see docs/algorithms.md.
struct Parameters {
  epsilon: f32, inverse_scale: f32, background: f32, saturation: f32,
  damping: f32, variation_weight: f32, variation_smoothing: f32, held_out_ratio: f32,
}

// The plane of the box in which a slab begins.
struct Slab { first_plane: u32 }

// A part of the box: its first voxel and the one after its last along each axis.
struct Region { z: vec2u, y: vec2u, x: vec2u }

// The part of the box that starts from the data, and the value from which the rest starts.
struct Start { z: vec2u, y: vec2u, x: vec2u, elsewhere: f32 }

// The state of the extrapolation; all zero before the first iteration.
struct Momentum { factor: f32, iterations: f32 }

// The sign of the OTF's imaginary part.
struct Projection { conjugation: f32 }

// Pairs of sums since they were last read, as many as MAX_MEASUREMENTS of measurement.ts.
struct Measurements { count: u32, totals: array<vec2f, 256> }
