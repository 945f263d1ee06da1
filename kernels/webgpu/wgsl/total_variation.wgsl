// Total variation of `point` into `variation` over one part of the box; binds `parameters`, `sizes`, and the parts before and after
// as `point_before` and `point_after`.

fn nx() -> u32 { return 2u * sizes.half_width; }

// z may lie one plane outside of the part.
fn value(z: i32, y: u32, x: u32) -> f32 {
  let in_plane = y * nx() + x;
  if (z < 0) { return point_before[(sizes.planes - 1u) * sizes.rows * nx() + in_plane]; }
  if (z >= i32(sizes.planes)) { return point_after[in_plane]; }
  return point[u32(z) * sizes.rows * nx() + in_plane];
}

fn after(i: u32, side: u32) -> u32 { return select(i + 1u, 0u, i + 1u == side); }

fn before(i: u32, side: u32) -> u32 { return select(i - 1u, side - 1u, i == 0u); }

// grad / sqrt(|grad|^2 + smoothing), components z, y, x
fn direction(z: i32, y: u32, x: u32) -> vec3f {
  let here = value(z, y, x);
  let gradient = vec3f(value(z + 1, y, x), value(z, after(y, sizes.rows), x), value(z, y, after(x, nx()))) - here;
  return gradient * inverseSqrt(dot(gradient, gradient) + parameters.variation_smoothing);
}

// What the voxel at `index` of a plane of the part is divided by.
fn vary(plane: u32, index: u32) {
  if (index >= sizes.rows * nx()) { return; }
  let z = i32(plane);
  let y = index / nx();
  let x = index % nx();
  let here = direction(z, y, x);
  let divergence = here.x - direction(z - 1, y, x).x
    + here.y - direction(z, before(y, sizes.rows), x).y
    + here.z - direction(z, y, before(x, nx())).z;
  variation[plane * sizes.rows * nx() + index] = max(1.0 - parameters.variation_weight * divergence, 0.5);
}
