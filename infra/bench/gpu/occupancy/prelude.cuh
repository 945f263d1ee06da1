// What WGSL has and CUDA has not, as far as the kernels use it. Every function is inlined, as a shader compiler does.
#define INLINE __device__ __forceinline__

using u32 = unsigned int;
using i32 = int;
using f32 = float;

struct vec2u {
  u32 x, y;
  INLINE vec2u(u32 x, u32 y) : x(x), y(y) {}
};

INLINE vec2u operator+(vec2u a, u32 b) { return vec2u(a.x + b, a.y + b); }
INLINE vec2u operator*(vec2u a, u32 b) { return vec2u(a.x * b, a.y * b); }

struct vec2b {
  bool x, y;
  INLINE vec2b(bool x, bool y) : x(x), y(y) {}
};

// Indexed by constants only.
template <class T, int N> struct array {
  T elements[N];
  template <class... Rest> INLINE explicit array(T first, Rest... rest) : elements{first, rest...} {}
  INLINE const T& operator[](int i) const { return elements[i]; }
};
template <class T, class... Rest> array(T, Rest...) -> array<T, 1 + sizeof...(Rest)>;

struct alignas(8) vec2f {
  f32 x, y;
  vec2f() = default;
  INLINE explicit vec2f(f32 both) : x(both), y(both) {}
  INLINE vec2f(f32 x, f32 y) : x(x), y(y) {}
};

INLINE f32 quotient(f32 a, f32 b) { return __fdividef(a, b); }

INLINE vec2f operator-(vec2f a) { return vec2f(-a.x, -a.y); }
INLINE vec2f operator+(vec2f a, vec2f b) { return vec2f(a.x + b.x, a.y + b.y); }
INLINE vec2f operator-(vec2f a, vec2f b) { return vec2f(a.x - b.x, a.y - b.y); }
INLINE vec2f operator*(vec2f a, vec2f b) { return vec2f(a.x * b.x, a.y * b.y); }
INLINE vec2f operator/(vec2f a, vec2f b) { return vec2f(quotient(a.x, b.x), quotient(a.y, b.y)); }
INLINE vec2f& operator+=(vec2f& a, vec2f b) { return a = a + b; }

// A number beside a vector stands for both of its elements.
#define WITH_NUMBERS(OPERATOR) \
  INLINE vec2f operator OPERATOR(vec2f a, f32 b) { return a OPERATOR vec2f(b); } \
  INLINE vec2f operator OPERATOR(f32 a, vec2f b) { return vec2f(a) OPERATOR b; }
WITH_NUMBERS(+)
WITH_NUMBERS(-)
WITH_NUMBERS(*)
WITH_NUMBERS(/)

INLINE vec2b operator<(vec2f a, vec2f b) { return {a.x < b.x, a.y < b.y}; }
INLINE vec2b operator>(vec2f a, vec2f b) { return {a.x > b.x, a.y > b.y}; }
INLINE vec2b operator>=(vec2f a, vec2f b) { return {a.x >= b.x, a.y >= b.y}; }

template <class T> INLINE T select(T otherwise, T value, bool condition) { return condition ? value : otherwise; }
INLINE vec2f select(vec2f otherwise, vec2f value, vec2b condition) {
  return vec2f(condition.x ? value.x : otherwise.x, condition.y ? value.y : otherwise.y);
}

INLINE vec2f max(vec2f a, vec2f b) { return vec2f(fmaxf(a.x, b.x), fmaxf(a.y, b.y)); }
INLINE vec2f min(vec2f a, vec2f b) { return vec2f(fminf(a.x, b.x), fminf(a.y, b.y)); }
INLINE vec2f abs(vec2f a) { return vec2f(fabsf(a.x), fabsf(a.y)); }
INLINE vec2f log(vec2f a) { return vec2f(__logf(a.x), __logf(a.y)); }

INLINE void workgroupBarrier() { __syncthreads(); }
