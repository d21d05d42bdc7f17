// Products of all rows of a matrix with a row of each of several samples, on one thread of the processor. The matrix is laid
// in panels: so many of its rows as have 128 bytes in a column, column by column. Vectors then hold the products of many rows,
// no lanes have to be added to each other, and what is read of the matrix serves all samples. The bits are those of on_block.hpp.
#ifndef PGL_TRAINING_PANELS_HPP
#define PGL_TRAINING_PANELS_HPP

#include "training/matrix.hpp"
#include "training/on_thread.hpp"

namespace pgl::training {

template <class Real>
inline constexpr uint32_t kPanel = 2 * kRowBytes / sizeof(Real);  // rows
inline constexpr uint32_t kPanelVectors = 2;                      // of a panel, whose sums are in registers at the same time

template <class Real>
PGL_DEVICE uint32_t panels_of(uint32_t n) {
  return (n + kPanel<Real> - 1) / kPanel<Real>;
}

// One panel of a matrix; what is in a panel behind the last row stays as it is.
template <class Real>
PGL_CALLED void lay_panel(Real* panels, const Matrix<Real>& of, uint32_t number) {
  const uint32_t first = number * kPanel<Real>;
  Real* panel = panels + size_t(first) * of.columns;
  for (uint32_t i = 0; i < kPanel<Real> && first + i < of.n; ++i) {
    const Real* row = of.rows + size_t(first + i) * of.stride;
    for (uint32_t j = 0; j < of.columns; ++j) panel[size_t(j) * kPanel<Real> + i] = row[j];
  }
}

namespace detail {

// a b + c with one rounding, in every lane: g++ does not always find the instruction by itself.
template <class Real>
PGL_DEVICE Vector<Real> fused(Vector<Real> a, Vector<Real> b, Vector<Real> c) {
#if defined(__AVX512F__) && !defined(__clang__)
  if constexpr (sizeof(Real) == sizeof(float)) return __builtin_ia32_vfmaddps512_mask(a, b, c, uint16_t(0xffff), 4);
  if constexpr (sizeof(Real) == sizeof(double)) return __builtin_ia32_vfmaddpd512_mask(a, b, c, uint8_t(0xff), 4);
#elif defined(__FMA__) && !defined(__clang__)
  if constexpr (sizeof(Real) == sizeof(float)) return __builtin_ia32_vfmaddps256(a, b, c);
  if constexpr (sizeof(Real) == sizeof(double)) return __builtin_ia32_vfmaddpd256(a, b, c);
#else
#pragma GCC unroll 16
  for (uint32_t k = 0; k < kLanes<Real>; ++k) c[k] = pgl::fma(a[k], b[k], c[k]);
  return c;
#endif
}

template <class Real, uint32_t kSamples>
struct PanelSums {
  Vector<Real> of[kSamples][kPanelVectors];
};

// Vectors of a panel, and the rows of samples that they are multiplied by.
template <class Real, uint32_t kSamples>
struct PanelProducts {
  const Real* panel;
  const Real* const* rows;
  uint32_t columns;

  // The products of columns first, first + kStep, ...: every 32nd in one sum, then halves.
  template <uint32_t kStep>
  PGL_DEVICE PanelSums<Real, kSamples> sums(uint32_t first) const {
    PanelSums<Real, kSamples> found = {};
    if constexpr (kStep == kTerms) {
      for (uint32_t j = first; j < columns; j += kTerms) add(found, j);
    } else {
      found = sums<2 * kStep>(first);
      if (first + kStep >= columns) return found;
      const PanelSums<Real, kSamples> others = sums<2 * kStep>(first + kStep);
#pragma GCC unroll 4
      for (uint32_t k = 0; k < kSamples; ++k) {
#pragma GCC unroll 2
        for (uint32_t v = 0; v < kPanelVectors; ++v) found.of[k][v] += others.of[k][v];
      }
    }
    return found;
  }

 private:
  PGL_DEVICE void add(PanelSums<Real, kSamples>& to, uint32_t j) const {
    const auto* weights = reinterpret_cast<const Vector<Real>*>(panel + size_t(j) * kPanel<Real>);
#pragma GCC unroll 4
    for (uint32_t k = 0; k < kSamples; ++k) {
      const Vector<Real> of_row = rows[k][j] - Vector<Real>{};  // in every lane
#pragma GCC unroll 2
      for (uint32_t v = 0; v < kPanelVectors; ++v) to.of[k][v] = fused<Real>(weights[v], of_row, to.of[k][v]);
    }
  }
};

template <class Real, uint32_t kSamples>
PGL_CALLED void add_panel_products(const Matrix<Real>& matrix, const Real* const* rows, Real scale, Real* const* out) {
  constexpr uint32_t kEach = kPanelVectors * kLanes<Real>;
  for (uint32_t begin = 0; begin < matrix.n; begin += kEach) {
    const uint32_t first = begin / kPanel<Real> * kPanel<Real>;
    const PanelProducts<Real, kSamples> products{matrix.panels + size_t(first) * matrix.columns + (begin - first), rows, matrix.columns};
    const PanelSums<Real, kSamples> found = products.template sums<1>(0);
#pragma GCC unroll 4
    for (uint32_t k = 0; k < kSamples; ++k) {
      auto* to = reinterpret_cast<Vector<Real>*>(out[k] + begin);
#pragma GCC unroll 2
      for (uint32_t v = 0; v < kPanelVectors; ++v) {
        if (v == 0 || begin + v * kLanes<Real> < matrix.n) to[v] += scale * found.of[k][v];  // rows of `out` end behind n
      }
    }
  }
}

}  // namespace detail

// out[k][i] += scale * (the product of row i of the matrix and rows[k], its terms fused) for i < n and k < samples.
template <class Real>
PGL_DEVICE void add_products(const Matrix<Real>& matrix, const Real* const* rows, Real scale, Real* const* out, uint32_t samples) {
  uint32_t k = 0;
  for (; k + 4 <= samples; k += 4) detail::add_panel_products<Real, 4>(matrix, rows + k, scale, out + k);
  for (; k + 2 <= samples; k += 2) detail::add_panel_products<Real, 2>(matrix, rows + k, scale, out + k);
  for (; k < samples; ++k) detail::add_panel_products<Real, 1>(matrix, rows + k, scale, out + k);
}

}  // namespace pgl::training

#endif
