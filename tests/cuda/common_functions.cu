// Every function of templates/common over arrays: a kernel for a device, and the same as a plain function for a host.
// x, y: [n] numbers; out: [kRows, n]; words: [2, 64]; counts: [8, 64].
// drawn: [6, n]; numbers: [6, n].
#include "common/drawn_delays.hpp"
#include "common/drawn_targets.hpp"
#include "common/drawn_weights.hpp"
#include "common/expm.hpp"
#include "common/fused.hpp"
#include "common/half.hpp"
#include "common/inputs.hpp"
#include "common/integers.h"
#include "common/language.hpp"
#include "common/machine.hpp"
#include "common/math.hpp"
#include "common/one_neuron.hpp"
#include "common/philox.hpp"
#include "common/poisson.hpp"
#include "common/prefetch.hpp"
#include "common/random.hpp"
#include "common/records.h"
#include "common/repeats.hpp"
#include "common/splitting.hpp"
#include "common/weight_codes.hpp"
#include "common/whole.hpp"

constexpr int kRows = 30;

template <class Real>
PGL_FUNCTION void functions(const Real* x, const Real* y, Real* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const Real a = x[i], b = y[i];
    Real sine, cosine;
    pgl::sincos_turn(pgl::abs(b) - pgl::floor(pgl::abs(b)), sine, cosine);
    const int64_t whole = pgl::nearest_even(pgl::abs(a) < Real(70000) ? a : Real(0));
    const Real values[kRows] = {
        pgl::exp(a), pgl::expm1(a), pgl::exprel(a), pgl::exprel_slope(a), pgl::log(a), pgl::log(pgl::abs(a)),
        pgl::sin(a), pgl::cos(a), pgl::tan(a), pgl::sinh(a), pgl::cosh(a), pgl::tanh(a), pgl::pow(a, b),
        pgl::pow(pgl::abs(a), b), pgl::sqrt(a), pgl::sqrt(pgl::abs(a)), pgl::floor(a), pgl::ceil(b),
        pgl::copysign(a, b), pgl::min(a, b), pgl::max(a, b), pgl::clip(a, Real(-1), Real(1)), pgl::sign(a),
        pgl::power<7>(b) + pgl::power<-2>(b), pgl::fma(a, b, a), pgl::select(a < b, a, b) * pgl::kLargest<Real>,
        sine, cosine, Real(whole), Real(pgl::half_value(uint16_t(whole)))};
    for (int row = 0; row < kRows; ++row) out[row * n + i] = values[row];
  }
}

// From one seed: words, uniform and normal numbers, counts of each kind; then numbers and counts neuron by neuron.
template <class Real>
PGL_FUNCTION void numbers(const pgl_poisson* inputs, uint64_t seed, int64_t step, Real* out, uint32_t* words,
                          int32_t* counts) {
  pgl::philox_words64(seed, 5u, 1u, step, 4294967290u, words);
  for (uint32_t i = 0; i < 64; ++i) words[64 + i] = pgl::philox(seed, 5u, 1u, step, 4294967290u + i % 16).word[i / 16];
  pgl::uniforms64(seed, 6u, 0u, step, 3u, out);
  pgl::normals64(seed, 6u, 1u, step, 3u, out + 64);
  for (uint32_t i = 0; i < 64; ++i) {
    out[128 + i] = pgl::uniform_of<Real>(seed, 6u, 0u, step, 3u * 64u + i);
    out[192 + i] = pgl::normal_of<Real>(seed, 6u, 1u, step, 3u * 64u + i);
  }
  for (int k = 0; k < 4; ++k) {
    pgl_poisson shard = inputs[k];
    shard.rates += 128;
    pgl::poisson64(shard, seed, step, 2u, 0u, 50u, counts + 64 * k);
    for (uint32_t i = 0; i < 50; ++i) counts[64 * (4 + k) + i] = pgl::poisson_of(inputs[k], seed, step, 128u + i);
  }
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

// What synapses are drawn with, from n words (fewer than 2^16): weights of every kind; targets, delays, shares, codes.
template <class Real>
PGL_FUNCTION void synapses(const pgl_delay_law* delays, const uint32_t* words, int64_t n, Real* drawn, uint32_t* numbers) {
  uint64_t set[1024] = {};
  PGL_ROLLED
  for (int64_t i = 0; i < n; ++i) {
    PGL_ROLLED
    for (int32_t kind = PGL_CONSTANT; kind <= PGL_EXPONENTIAL; ++kind) {
      const pgl::WeightLaw<Real> law = {kind, kind % 2, 1u << 30, 1u << 31, Real(2), Real(0.5), Real(1.5), Real(2.5), Real(-3), Real(1)};
      drawn[kind * n + i] = law.of_word(words[i]);
    }
    const double weight = double(drawn[PGL_NORMAL * n + i]);
    const uint64_t draws = pgl::distinct_draws(65536, uint64_t(n));
    if (uint64_t(i) < draws) pgl::draw_distinct(65536, draws, uint64_t(i), words[i], [&](uint64_t k) -> uint64_t& { return set[k]; });
    numbers[i] = uint32_t(pgl::gap_of_word(words[i], pgl::gap_scale(0.1)));
    numbers[n + i] = pgl::beyond(pgl::value_of_word(words[i], 1000), 500);
    numbers[2 * n + i] = pgl::delay_of_word(*delays, words[i]);
    numbers[3 * n + i] = uint32_t(pgl::split_left(words[i], 3u, i % 2 ? 50u : 0u, 10u, 90u, words[i] % 2000u));
    const uint16_t half = pgl::half_code(weight), fixed = pgl::fixed_code(weight, pgl::fixed_scale(20.0));
    numbers[4 * n + i] = uint32_t(half) << 16 | fixed;
    drawn[i] += Real(pgl::half_value(half)) + Real(pgl::fixed_value(fixed, 0.25));
  }
  PGL_ROLLED
  for (int64_t i = 0; i < n; ++i) numbers[5 * n + i] = uint32_t(pgl::distinct_word(65536, i % 1024, set[i % 1024], i % 2 ? ~uint64_t(0) : 0) >> 32);
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
PGL_ENTRY void synapses_float(const pgl_delay_law* delays, const uint32_t* words, int64_t n, float* drawn, uint32_t* numbers) {
  synapses(delays, words, n, drawn, numbers);
}
PGL_ENTRY void synapses_double(const pgl_delay_law* delays, const uint32_t* words, int64_t n, double* drawn, uint32_t* numbers) {
  synapses(delays, words, n, drawn, numbers);
}
