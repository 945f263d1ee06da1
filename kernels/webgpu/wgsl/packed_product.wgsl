// The multiplication by the OTF where two planes share complex numbers, see packed_column_kernel.ts; binds `projection`.

// p and q: this number and its partner of the packed spectrum; g and h: of the packed OTF.
fn packed_product(p: vec2f, q: vec2f, g: vec2f, h: vec2f) -> vec2f {
  let lowest = 0.5 * (g + conj(h));
  let highest = 0.5 * vec2f(g.y + h.y, h.x - g.x);
  let sign = vec2f(1.0, projection.conjugation);
  return times(0.5 * (p + conj(q)), lowest * sign) + times(0.5 * (p - conj(q)), highest * sign);
}
