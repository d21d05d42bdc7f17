// Every function of templates/common over arrays: a kernel for a device, and the same as a plain function for a host.
// x, y: [n] numbers; out: [kRows, n]; words: [2, 64]; counts: [4, 64].
#include "common/expm.hpp"
#include "common/fused.hpp"
#include "common/inputs.hpp"
#include "common/integers.h"
#include "common/language.hpp"
#include "common/machine.hpp"
#include "common/math.hpp"
#include "common/philox.hpp"
#include "common/poisson.hpp"
#include "common/prefetch.hpp"
#include "common/random.hpp"
#include "common/records.h"
#include "common/repeats.hpp"

constexpr int kRows = 28;

template <class Real>
PGL_FUNCTION void functions(const Real* x, const Real* y, Real* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const Real a = x[i], b = y[i];
    Real sine, cosine;
    pgl::sincos_turn(pgl::abs(b) - pgl::floor(pgl::abs(b)), sine, cosine);
    const Real values[kRows] = {
        pgl::exp(a), pgl::expm1(a), pgl::exprel(a), pgl::exprel_slope(a), pgl::log(a), pgl::log(pgl::abs(a)),
        pgl::sin(a), pgl::cos(a), pgl::tan(a), pgl::sinh(a), pgl::cosh(a), pgl::tanh(a), pgl::pow(a, b),
        pgl::pow(pgl::abs(a), b), pgl::sqrt(a), pgl::sqrt(pgl::abs(a)), pgl::floor(a), pgl::ceil(b),
        pgl::copysign(a, b), pgl::min(a, b), pgl::max(a, b), pgl::clip(a, Real(-1), Real(1)), pgl::sign(a),
        pgl::power<7>(b) + pgl::power<-2>(b), pgl::fma(a, b, a), pgl::select(a < b, a, b) * pgl::kLargest<Real>,
        sine, cosine};
    for (int row = 0; row < kRows; ++row) out[row * n + i] = values[row];
  }
}

// From one seed: words, uniform and normal numbers, counts of each kind.
template <class Real>
PGL_FUNCTION void numbers(const pgl_poisson* inputs, uint64_t seed, int64_t step, Real* out, uint32_t* words,
                          int32_t* counts) {
  pgl::philox_words64(seed, 5u, 1u, step, 4294967290u, words);
  for (uint32_t i = 0; i < 64; ++i) words[64 + i] = pgl::philox(seed, 5u, 1u, step, 4294967290u + i % 16).word[i / 16];
  pgl::uniforms64(seed, 6u, 0u, step, 3u, out);
  pgl::normals64(seed, 6u, 1u, step, 3u, out + 64);
  for (int k = 0; k < 4; ++k) pgl::poisson64(inputs[k], seed, step, 2u, 0u, 50u, counts + 64 * k);
}

// Values of the step current and of a matrix's exponential; the first entry of a train's repeats.
template <class Real>
PGL_FUNCTION void others(const pgl_timed* timed, const pgl_repeats* repeats, double* matrix, Real* out, uint64_t* entry) {
  pgl::fetch_line(repeats->step);
  for (int64_t step = 0; step < 8; ++step) {
    const Real* row = pgl::timed_row<Real>(*timed, step, 1u);
    out[step] = row != nullptr ? *row : Real(-1);
  }
  entry[0] = pgl::first_repeat(*repeats, 3, 2u);
  double here[9];
  for (int i = 0; i < 9; ++i) here[i] = matrix[i];
  pgl::expm<3>(here, 0.7);
  for (int i = 0; i < 9; ++i) matrix[i] = here[i];
}

#ifdef __CUDACC__
#define PGL_ENTRY extern "C" __global__
#else
#define PGL_ENTRY extern "C"
#endif

PGL_ENTRY void functions_float(const float* x, const float* y, float* out, int64_t n) { functions(x, y, out, n); }
PGL_ENTRY void functions_double(const double* x, const double* y, double* out, int64_t n) { functions(x, y, out, n); }
PGL_ENTRY void numbers_float(const pgl_poisson* inputs, uint64_t seed, int64_t step, float* out, uint32_t* words,
                             int32_t* counts) {
  numbers(inputs, seed, step, out, words, counts);
}
PGL_ENTRY void numbers_double(const pgl_poisson* inputs, uint64_t seed, int64_t step, double* out, uint32_t* words,
                              int32_t* counts) {
  numbers(inputs, seed, step, out, words, counts);
}
PGL_ENTRY void others_float(const pgl_timed* timed, const pgl_repeats* repeats, double* matrix, float* out,
                            uint64_t* entry) {
  others(timed, repeats, matrix, out, entry);
}
PGL_ENTRY void others_double(const pgl_timed* timed, const pgl_repeats* repeats, double* matrix, double* out,
                             uint64_t* entry) {
  others(timed, repeats, matrix, out, entry);
}
