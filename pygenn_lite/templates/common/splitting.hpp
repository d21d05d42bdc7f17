// How a fixed total number of synapses is shared out among the rows: the range of rows is halved again and again,
// each time with one draw (binomial with multapses, hypergeometric without) that depends only on the seed and on
// where the range is cut. The rows then have exactly the joint distribution of throwing all synapses at random.
#ifndef PGL_SPLITTING_HPP
#define PGL_SPLITTING_HPP

#include "math.hpp"
#include "philox.hpp"
#include "poisson.hpp"
#include "random.hpp"

namespace pgl {

namespace detail {

// One copy of these instead of one per use: the work here is per row, not per synapse.
PGL_NOINLINE double slow_log(double x) { return pgl::log(x); }
PGL_NOINLINE double slow_exp(double x) { return pgl::exp(x); }

// log(n!) minus Stirling's formula sqrt(2 pi n) (n/e)^n.
PGL_NOINLINE double stirling_error(double n) {
  if (n < 16.0) {
    if (n < 0.5) return 0.0;
    return (log_factorial(n) + n) - (fma(n + 0.5, slow_log(n), 0.91893853320467274178));
  }
  const double r = 1.0 / n;
  return r * polynomial(r * r, 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188);
}

// x log(x / m) + m - x without cancellation where x is close to m (Loader 2000).
PGL_NOINLINE double deviance(double x, double m) {
  const double v = (x - m) / (x + m);
  if (abs(v) < 0.1) {
    double sum = (x - m) * v, term = 2.0 * x * v;
    const double square = v * v;
    PGL_ROLLED
    for (int k = 1; k < 100; ++k) {
      term *= square;
      const double next = sum + term / (2 * k + 1);
      if (next == sum) break;
      sum = next;
    }
    return sum;
  }
  return x * slow_log(x / m) + (m - x);
}

// Probability of x successes in n trials, without the loss of precision that factorials of large numbers bring.
PGL_NOINLINE double binomial_probability(double x, double n, double p) {
  const double q = 1.0 - p;
  if (x == 0.0) return n == 0.0 ? 1.0 : slow_exp(p < 0.1 ? -deviance(n, n * q) - n * p : n * slow_log(q));
  if (x == n) return slow_exp(q < 0.1 ? -deviance(n, n * p) - n * q : n * slow_log(p));
  const double exponent = stirling_error(n) - stirling_error(x) - stirling_error(n - x) - deviance(x, n * p) -
                          deviance(n - x, n * q);
  return slow_exp(exponent) * sqrt(n / (6.283185307179586477 * x * (n - x)));
}

// Inversion from the mode outwards: about as many steps as the standard deviation. ratio(k) = P(k + 1) / P(k).
template <class Ratio>
PGL_FUNCTION double draw_from_mode(double u, double mode, double at_mode, double low, double high, Ratio&& ratio) {
  u -= at_mode;
  double up = mode, down = mode, p_up = at_mode, p_down = at_mode;
  while (u >= 0.0) {
    p_up = up < high ? p_up * ratio(up) : 0.0;
    if (p_up > 0.0) {
      up += 1.0;
      u -= p_up;
      if (u < 0.0) return up;
    }
    p_down = down > low ? p_down / ratio(down - 1.0) : 0.0;
    if (p_down > 0.0) {
      down -= 1.0;
      u -= p_down;
      if (u < 0.0) return down;
    }
    if (p_up + p_down < 1e-30) break;  // all is spent, but for rounding
  }
  return mode;
}

PGL_FUNCTION double draw_binomial(double u, double n, double p) {
  const double mode = min(floor((n + 1.0) * p), n), odds = p / (1.0 - p);
  return draw_from_mode(u, mode, binomial_probability(mode, n, p), 0.0, n,
                        [=](double k) { return (n - k) / (k + 1.0) * odds; });
}

// Successes among n draws without replacement from `total` of which `good` count.
PGL_FUNCTION double draw_hypergeometric(double u, double n, double good, double total) {
  const double bad = total - good;
  const double low = max(0.0, n - bad), high = min(n, good);
  if (low == high) return low;
  const double mode = clip(floor((n + 1.0) * ((good + 1.0) / (total + 2.0))), low, high);
  const double p = n / total;
  const double at_mode = binomial_probability(mode, good, p) * binomial_probability(n - mode, bad, p) /
                         binomial_probability(n, total, p);
  return draw_from_mode(u, mode, at_mode, low, high, [=](double k) {
    return (good - k) / (k + 1.0) * ((n - k) / (bad - n + k + 1.0));
  });
}

}  // namespace detail

// Cuts of the range of rows use steps beyond every row number.
inline constexpr int64_t kSplitStep = int64_t(1) << 40;

// Of n synapses of the rows from begin to end, how many are of the rows before `middle` = begin + (end - begin) / 2.
// room: the pairs of one row, of which each may be taken once; 0 where they may be taken repeatedly.
PGL_FUNCTION int64_t split_left(uint64_t seed, uint32_t stream, uint64_t room, uint32_t begin, uint32_t end, int64_t n) {
  if (n <= 0) return 0;
  const uint32_t middle = begin + (end - begin) / 2;
  const double left = double(middle - begin), all = double(end - begin), pairs = double(room);
  const Words4 words = philox(seed, stream, 0, kSplitStep, middle);
  // 53 bits: the upper 27 and 26 of two words.
  const double u = (double(words.word[0] >> 5) * 67108864.0 + double(words.word[1] >> 6) + 0.5) * 1.1102230246251565e-16;
  return int64_t(room == 0 ? detail::draw_binomial(u, double(n), left / all)
                           : detail::draw_hypergeometric(u, double(n), left * pairs, all * pairs));
}

}  // namespace pgl

#endif
