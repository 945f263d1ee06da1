// What the data say about the model, two voxels at a time; binds `parameters`.

// At least epsilon, and no more than data that are known to be cut off.
fn model_of(blurred: vec2f, data: vec2f) -> vec2f {
  let model = max(blurred + parameters.background, vec2f(parameters.epsilon));
  return select(model, min(model, data), data >= vec2f(parameters.saturation));
}

// d ln(d / m) - d + m; where that loses everything to cancellation its series in d / m - 1.
fn divergence_terms(data: vec2f, model: vec2f) -> vec2f {
  let q = data / model - 1.0;
  let series = model * q * q * (0.5 + q * (-1.0 / 6.0 + q * (1.0 / 12.0 + q * (-0.05 + q / 30.0))));
  let logarithm = select(vec2f(0.0), data * log(data / model), data > vec2f(0.0)) - data + model;
  return select(logarithm, series, abs(q) < vec2f(0.1));
}

// White 1994: U^9 (10 - 9 U), 1 where data and model differ by more than noise.
fn damped_ratio(data: vec2f, model: vec2f) -> vec2f {
  let u = min(parameters.damping * divergence_terms(data, model), vec2f(1.0));
  let cube = u * u * u;
  return 1.0 + cube * cube * cube * (10.0 - 9.0 * u) * (data / model - 1.0);
}
