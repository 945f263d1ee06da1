// Arithmetic of complex numbers; a shader holds the functions that it calls, each of them on a line.

fn conj(a: vec2f) -> vec2f { return vec2f(a.x, -a.y); }
fn times(a: vec2f, b: vec2f) -> vec2f { return vec2f(fma(a.x, b.x, -a.y * b.y), fma(a.x, b.y, a.y * b.x)); }
fn times_i(a: vec2f) -> vec2f { return vec2f(-a.y, a.x); }
fn over_i(a: vec2f) -> vec2f { return vec2f(a.y, -a.x); }
