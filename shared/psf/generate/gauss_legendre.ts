/** Gauss-Legendre quadrature: exact for polynomials up to degree 2 n - 1, and exponentially good for smooth functions. */

/** Nodes in the interval from -1 to 1, and their weights, which sum to 2. */
interface Quadrature {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** The rule with `count` nodes, by Newton's method on the Legendre polynomial. */
export function gaussLegendre(count: number): Quadrature {
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let round = 0; round < 10; round++) {
      const legendre = legendreAt(count, x);
      slope = legendre.slope;
      const step = legendre.value / slope;
      x -= step;
      if (Math.abs(step) < 1e-16) break;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** The Legendre polynomial of this degree and its derivative, for `|x| < 1`. */
function legendreAt(degree: number, x: number): { value: number; slope: number } {
  let before = 1;
  let value = x;
  for (let k = 2; k <= degree; k++) {
    const next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
    before = value;
    value = next;
  }
  return { value, slope: (degree * (x * value - before)) / (x * x - 1) };
}

/**
 * The fewest nodes (at most 64) that average the fastest oscillation over a cell: the mean of `cos(bandwidth x)` over
 * `width` is met to `tolerance`. A function whose spectrum ends at `bandwidth` and is nowhere negative is then averaged to
 * `tolerance` of its peak, and no worse than its spectrum's absolute sum times that otherwise.
 *
 * @param bandwidth radians per unit of `width`
 */
export function nodesForAverage(bandwidth: number, width: number, tolerance: number): Quadrature {
  const half = (bandwidth * width) / 2;
  const exact = half === 0 ? 1 : Math.sin(half) / half;
  for (let count = 1;; count++) {
    const rule = gaussLegendre(count);
    const mean = rule.nodes.reduce((sum, node, i) => sum + rule.weights[i] / 2 * Math.cos(half * node), 0);
    // The error shrinks steadily only once there are two nodes per period; before, a match would be chance.
    if (count >= 64 || (count >= half / Math.PI && Math.abs(mean - exact) < tolerance)) return rule;
  }
}
