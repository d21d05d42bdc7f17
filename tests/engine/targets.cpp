// Loops over the common functions, to be compiled for several processors: all must give the same bits.
#include <cstddef>

#include "common/math.hpp"
#include "common/poisson.hpp"
#include "common/random.hpp"
#include "cpp/flags.hpp"

namespace {

template <class Real>
void functions(const Real* x, const Real* y, Real* out, int64_t n) {
  Real* row = out;
  const auto next = [&](auto&& function) {
    for (int64_t i = 0; i < n; ++i) row[i] = function(x[i], y[i]);
    row += n;
  };
  next([](Real a, Real) { return pgl::exp(a); });
  next([](Real a, Real) { return pgl::expm1(a); });
  next([](Real a, Real) { return pgl::exprel(a); });
  next([](Real a, Real) { return pgl::exprel_slope(a); });
  next([](Real a, Real) { return pgl::log(pgl::abs(a)); });
  next([](Real a, Real) { return pgl::sin(a); });
  next([](Real a, Real) { return pgl::cos(a); });
  next([](Real a, Real) { return pgl::tanh(a); });
  next([](Real a, Real) { return pgl::sinh(a); });
  next([](Real a, Real b) { return pgl::pow(pgl::abs(a), b); });
}

template <class Real>
void fused(const Real* a, const Real* b, const Real* c, Real* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = pgl::fma(a[i], b[i], c[i]);
}

template <class Word>
int any(const Word* flags) {
  alignas(64) Word copy[pgl::kColumns];
  for (int k = 0; k < pgl::kColumns; ++k) copy[k] = flags[k];
  return pgl::any_of(copy);
}

}  // namespace

extern "C" {

void functions_float(const float* x, const float* y, float* out, int64_t n) { functions(x, y, out, n); }
void functions_double(const double* x, const double* y, double* out, int64_t n) { functions(x, y, out, n); }
void fused_float(const float* a, const float* b, const float* c, float* out, int64_t n) { fused(a, b, c, out, n); }
void fused_double(const double* a, const double* b, const double* c, double* out, int64_t n) { fused(a, b, c, out, n); }
int any_float(const uint32_t* flags) { return any(flags); }
int any_double(const uint64_t* flags) { return any(flags); }
uint64_t first_flags(uint32_t count) {
  alignas(64) uint32_t flags[pgl::kColumns];
  for (uint32_t& flag : flags) flag = 15;
  pgl::keep_first(flags, count);
  return pgl::flagged(flags);
}

void words(uint32_t first, int64_t blocks, uint32_t* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::philox_words64(77u, 5u, 1u, (int64_t{7} << 32) + b, first, out + 64 * b);
}
void normals_float(int64_t blocks, float* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::normals64(9u, 5u, 0u, b, 3u, out + 64 * b);
}
void normals_double(int64_t blocks, double* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::normals64(9u, 5u, 0u, b, 3u, out + 64 * b);
}
void uniforms_float(int64_t blocks, float* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::uniforms64(9u, 5u, 0u, b, 3u, out + 64 * b);
}
void uniforms_double(int64_t blocks, double* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::uniforms64(9u, 5u, 0u, b, 3u, out + 64 * b);
}
void counts(const pgl_poisson* input, int64_t blocks, int32_t* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::poisson64(*input, 4u, b, 2u, 0u, 64u, out + 64 * b);
}

// As the engine's threads do: results too small to be normal become 0.
unsigned flush_denormals(void) {
  const unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040u);
  return before;
}
void restore(unsigned before) { __builtin_ia32_ldmxcsr(before); }

}  // extern "C"
