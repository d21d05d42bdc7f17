// Poisson counts for a block of 64 neurons.
//
// kind 0  one small rate: an alias table of 32 entries, 5 bits of a word choose the entry, 27 decide between
//         the entry and its alias. Exact to 2^-32 per count.
// kind 1  one rate of any size, kind 2 a rate per neuron: inversion of the distribution function (to 2^-32)
//         below a rate of 10, transformed rejection (Hoermann 1993, PTRS) from there on.
// A neuron's first word is that of its lane (purpose 0). Rejection draws more with purpose 1, 2, ... and the
// neuron's index as the element.
#ifndef PGL_POISSON_HPP
#define PGL_POISSON_HPP

#include "math.hpp"
#include "philox.hpp"
#include "random.hpp"
#include "records.h"

namespace pgl {

inline constexpr double kPoissonRejection = 10.0;  // rates from here on are drawn by rejection

namespace detail {

#if (defined(__AVX512F__) || defined(__AVX2__)) && !PGL_ON_DEVICE
#if defined(__AVX512F__)
#define PGL_ALIAS_LANES 16
#else
#define PGL_ALIAS_LANES 8
#endif
typedef int32_t AliasLanes __attribute__((vector_size(4 * PGL_ALIAS_LANES)));
typedef uint32_t AliasWords __attribute__((vector_size(4 * PGL_ALIAS_LANES)));
typedef uint32_t AliasUnaligned __attribute__((vector_size(4 * PGL_ALIAS_LANES), aligned(4), may_alias));
typedef float AliasFloats __attribute__((vector_size(4 * PGL_ALIAS_LANES)));

PGL_INLINE AliasWords load_alias(const uint32_t* from) {
  return AliasWords(*reinterpret_cast<const AliasUnaligned*>(from));
}

// A table of 32 in registers.
struct AliasTable {
#if PGL_ALIAS_LANES == 16
  AliasWords low, high;
  [[gnu::always_inline]] explicit AliasTable(const uint32_t* from) : low(load_alias(from)), high(load_alias(from + 16)) {}
  // The entry that each word's five uppermost bits name: `entry` holds them shifted down.
  [[gnu::always_inline]] AliasWords operator()(AliasWords, AliasWords entry) const {
#if defined(__clang__)
    return AliasWords(__builtin_ia32_vpermi2vard512(AliasLanes(low), AliasLanes(entry), AliasLanes(high)));
#else
    return __builtin_shuffle(low, high, entry);
#endif
  }
#else
  AliasWords part[4];
  [[gnu::always_inline]] explicit AliasTable(const uint32_t* from)
      : part{load_alias(from), load_alias(from + 8), load_alias(from + 16), load_alias(from + 24)} {}
  [[gnu::always_inline]] AliasWords operator()(AliasWords word, AliasWords entry) const {
    const AliasWords bit3 = word << 1;  // to the sign, which is what a blend looks at; bit 4 is the word's own
    return blend(blend(permute(part[0], entry), permute(part[1], entry), bit3),
                 blend(permute(part[2], entry), permute(part[3], entry), bit3), word);
  }
  [[gnu::always_inline]] static AliasWords permute(AliasWords table, AliasWords index) {  // by its three lowest bits
    return AliasWords(__builtin_ia32_permvarsi256(AliasLanes(table), AliasLanes(index)));
  }
  [[gnu::always_inline]] static AliasWords blend(AliasWords a, AliasWords b, AliasWords chooses_b) {
    return AliasWords(__builtin_ia32_blendvps256(AliasFloats(a), AliasFloats(b), AliasFloats(chooses_b)));
  }
#endif
};
#endif

PGL_INLINE void poisson_alias64(const uint32_t* words, const uint32_t* threshold, const uint32_t* alias,
                                                   int32_t* __restrict out, int lanes) {
#ifdef PGL_ALIAS_LANES
  const AliasTable thresholds(threshold), aliases(alias);
  for (int i = 0; i < lanes; i += PGL_ALIAS_LANES) {
    const AliasWords word = load_alias(words + i), entry = word >> 27;
    // Both sides are below 2^31, where signed and unsigned comparison agree; AVX2 has the signed one only.
    const AliasWords keep = AliasWords(AliasLanes(word & 0x7ffffffu) < AliasLanes(thresholds(word, entry)));
    const AliasWords count = (keep & entry) | (~keep & aliases(word, entry));
    *reinterpret_cast<AliasUnaligned*>(out + i) = count;
  }
#else
  for (int i = 0; i < lanes; ++i) {
    const uint32_t entry = words[i] >> 27;
    const uint32_t keep = 0u - uint32_t((words[i] & 0x7ffffffu) < threshold[entry]);  // no branch: it could not be predicted
    out[i] = int32_t((keep & entry) | (~keep & alias[entry]));
  }
#endif
}

// log(k!) by Stirling's series, from 10 on accurate to the last bits; below, the product.
PGL_FUNCTION double log_factorial(double k) {
  if (k < 10.0) {
    double product = 1.0;
    for (double i = 2.0; i <= k; i += 1.0) product *= i;
    return log(product);
  }
  const double r = 1.0 / k, z = r * r;
  const double series = r * polynomial(z, 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188);
  return fma(k + 0.5, log(k), 0.91893853320467274178 - k) + series;
}

// One count by rejection; the uniforms come in pairs from attempts 0, 1, ... of `pair(attempt, u, v)`.
template <class Pair>
PGL_FUNCTION int32_t poisson_reject(double rate, Pair&& pair) {
  const double b = fma(2.53, sqrt(rate), 0.931), a = fma(0.02483, b, -0.059);
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2.0);
  const double log_rate = log(rate);
  for (uint32_t attempt = 0;; ++attempt) {
    double u, v;
    pair(attempt, u, v);
    u -= 0.5;
    const double us = 0.5 - abs(u);
    const double k = floor(fma(2.0 * a / us + b, u, rate + 0.43));
    const double count = k < 2147483647.0 ? k : 2147483647.0;
    if (us >= 0.07 && v <= v_r) return int32_t(count);
    if (k < 0.0 || (us < 0.013 && v > us)) continue;
    const double left = log(v * inverse_alpha / (a / (us * us) + b));
    if (left <= fma(k, log_rate, -rate) - log_factorial(k)) return int32_t(count);
  }
}

PGL_FUNCTION int32_t poisson_large(double rate, uint64_t seed, uint32_t stream, int64_t step, uint32_t neuron) {
  Words4 words = {};
  return poisson_reject(rate, [&](uint32_t attempt, double& u, double& v) {
    if (attempt % 2 == 0) words = philox(seed, stream, 1 + attempt / 2, step, neuron);
    u = unit<double>(attempt % 2 == 0 ? words.word[0] : words.word[2]);
    v = unit<double>(attempt % 2 == 0 ? words.word[1] : words.word[3]);
  });
}

// Inversion for all lanes at once: count how many values of the distribution function lie below the uniform.
// Rates outside (0, kPoissonRejection) count as 0 here. Returns whether some lane needs rejection.
PGL_FUNCTION bool poisson_invert64(const uint32_t* words, const double* rate, int32_t* __restrict out) {
  alignas(64) double u[64], term[64], sum[64], count[64], kept[64];
  int large = 0;
  for (int i = 0; i < 64; ++i) {
    large |= rate[i] >= kPoissonRejection;
    kept[i] = ((rate[i] > 0.0) & (rate[i] < kPoissonRejection)) ? rate[i] : 0.0;
    u[i] = unit<double>(words[i]);
    sum[i] = term[i] = exp(-kept[i]);
    count[i] = 0.0;
  }
  // Beyond 64 the probability is below 2^-32 for every rate served: the loop ends by itself, the bound is a guard.
  for (int k = 1; k < 64; ++k) {
    const double inverse = 1.0 / k;
    int64_t above = 0;
    for (int i = 0; i < 64; ++i) {
      const bool more = u[i] > sum[i];
      count[i] += more ? 1.0 : 0.0;
      above |= more ? 1 : 0;
      term[i] *= kept[i] * inverse;
      sum[i] += term[i];
    }
    if (!above) break;
  }
  for (int i = 0; i < 64; ++i) out[i] = int32_t(count[i]);
  return large != 0;
}

}  // namespace detail

// Counts of the block that begins at neuron `begin` of the shard (block `block` of the population); `count`
// neurons are in the shard: rates of further lanes are not read, their counts are 0 (kind 2), and only lanes up to a
// multiple of 16 are written where the rate is small (kind 0).
PGL_NOINLINE void poisson64(const pgl_poisson& input, uint64_t seed, int64_t step, uint32_t block, uint32_t begin,
                                        uint32_t count, int32_t* __restrict out) {
  alignas(64) uint32_t words[64];
  philox_words64(seed, input.stream, 0, step, block * 16, words);
  if (input.kind == 0) {
    const uint32_t left = count - begin;
    if (left > 48) {  // a loop of fixed length is unrolled
      detail::poisson_alias64(words, input.threshold, input.alias, out, 64);
    } else {
      detail::poisson_alias64(words, input.threshold, input.alias, out, int(left + 15) & ~15);
    }
    return;
  }
  alignas(64) double rate[64];
  if (input.kind == 1) {
    for (int i = 0; i < 64; ++i) rate[i] = input.rate;
  } else {
    const uint32_t lanes = count - begin < 64 ? count - begin : 64;
    for (uint32_t i = 0; i < 64; ++i) rate[i] = i < lanes ? input.rates[begin + i] : 0.0;
  }
  if (!detail::poisson_invert64(words, rate, out)) return;
  for (uint32_t i = 0; i < 64; ++i)
    if (rate[i] >= kPoissonRejection) out[i] = detail::poisson_large(rate[i], seed, input.stream, step, block * 64 + i);
}

}  // namespace pgl

#endif
