// A matrix, all rows of which are multiplied by a row of each of several samples (`add_products` of panels.hpp, on_block.hpp).
#ifndef PGL_TRAINING_MATRIX_HPP
#define PGL_TRAINING_MATRIX_HPP

namespace pgl::training {

// Rows are [n][stride], of which `columns` are used; the processor reads panels instead.
template <class Real>
struct Matrix {
  const Real* rows;
  const Real* panels;
  uint32_t n, columns, stride;
};

}  // namespace pgl::training

#endif
