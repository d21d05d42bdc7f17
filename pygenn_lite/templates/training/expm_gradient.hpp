// The way back through exp(A h): from the gradients of its entries to those of the entries of A.
#ifndef PGL_TRAINING_EXPM_GRADIENT_HPP
#define PGL_TRAINING_EXPM_GRADIENT_HPP

#include "common/expm.hpp"

namespace pgl::training {

// `gradient` holds dL/dP for P = exp(A h) and becomes dL/dA: the upper right block of exp of [[A', G], [0, A']] times h,
// where A' is the transposed matrix (the adjoint of the Frechet derivative).
template <int N>
PGL_FUNCTION void expm_gradient(const double (&a)[N * N], double h, double (&gradient)[N * N]) {
  double largest = 0.0;
  for (int k = 0; k < N * N; ++k) largest = abs(gradient[k]) > largest ? abs(gradient[k]) : largest;
  if (!(largest > 0.0)) return;
  // The result is linear in G: a large one must not decide how the exponential is scaled.
  const double unit = 1.0 / largest;
  double block[4 * N * N] = {};
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < N; ++j) {
      block[i * 2 * N + j] = block[(N + i) * 2 * N + N + j] = a[j * N + i];
      block[i * 2 * N + N + j] = gradient[i * N + j] * unit;
    }
  expm<2 * N>(block, h);
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < N; ++j) gradient[i * N + j] = block[i * 2 * N + N + j] * largest;
}

}  // namespace pgl::training

#endif
