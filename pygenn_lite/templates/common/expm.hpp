// exp(A h) of a small matrix in double precision, by scaling and squaring of a Taylor series.
// Coefficients are computed once, before a run: accuracy counts, speed does not. Works where time
// constants coincide and for rotating (complex) systems, unlike the textbook formulas.
#ifndef PGL_EXPM_HPP
#define PGL_EXPM_HPP

#include "machine.hpp"

namespace pgl {

template <int N>
PGL_FUNCTION void multiply(const double (&a)[N * N], const double (&b)[N * N], double (&out)[N * N]) {
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < N; ++j) {
      double sum = 0.0;
      for (int k = 0; k < N; ++k) sum += a[i * N + k] * b[k * N + j];
      out[i * N + j] = sum;
    }
}

// Replaces `a` by exp(a * h).
template <int N>
PGL_FUNCTION void expm(double (&a)[N * N], double h) {
  double norm = 0.0;
  for (int i = 0; i < N; ++i) {
    double row = 0.0;
    for (int j = 0; j < N; ++j) row += abs(a[i * N + j] * h);
    norm = row > norm ? row : norm;
  }
  int squarings = 0;
  while (norm > 0.5 && squarings < 64) {
    norm *= 0.5;
    ++squarings;
  }
  const double scale = ldexp(h, -squarings);
  double scaled[N * N], term[N * N] = {}, sum[N * N] = {}, next[N * N];
  for (int i = 0; i < N * N; ++i) scaled[i] = a[i] * scale;
  for (int i = 0; i < N; ++i) term[i * N + i] = sum[i * N + i] = 1.0;
  for (int k = 1; k <= 18; ++k) {  // 0.5^18 / 18! is far below the last bit
    multiply<N>(term, scaled, next);
    for (int i = 0; i < N * N; ++i) {
      term[i] = next[i] / k;
      sum[i] += term[i];
    }
  }
  for (int s = 0; s < squarings; ++s) {
    multiply<N>(sum, sum, next);
    for (int i = 0; i < N * N; ++i) sum[i] = next[i];
  }
  for (int i = 0; i < N * N; ++i) a[i] = sum[i];
}

}  // namespace pgl

#endif
