// Rows that are not stored: what delivery asks of the builder.
#ifndef PGL_PROCEDURAL_HPP
#define PGL_PROCEDURAL_HPP

#include <cstdint>
#include <vector>

#include "store.hpp"

namespace pgl {

// One row on one slice, as it would stand in a stored slice. Kept between calls, so that memory is allocated once.
struct RegeneratedRow {
  std::vector<uint32_t> target;  // arena index (the group's arena offset added)
  std::vector<double> weight;    // rounded as stored weights are; empty without PGL_STORE_WEIGHTS
};

// Draws the row of `source` again. Defined by the builder; called from the worker that owns the slice.
void regenerate_row(const pgl_store& store, uint32_t slice, uint32_t source, RegeneratedRow& row);

}  // namespace pgl

#endif
