// Weights that take 16 bits each: half precision, fixed point with one scale, or the place of an entry in a table that
// all synapses share (the kernel of a convolution).
#ifndef PGL_WEIGHT_CODES_HPP
#define PGL_WEIGHT_CODES_HPP

#include <stdint.h>

#include "abi.h"
#include "common/weight_codes.hpp"
#include "error.hpp"
#include "store.hpp"

namespace pgl {

// What weights of a store are coded with.
struct WeightCodes {
  uint32_t kind = 0;  // PGL_STORE_HALF, PGL_STORE_FIXED, PGL_STORE_TABLE, or 0: they are not
  double scale = 1.0;
  const double* table = nullptr;
  uint64_t table_size = 0;

  explicit WeightCodes(const pgl_store& store)
      : kind(store.flags & kCodedWeights), scale(store.weight_scale), table(store.weight_table.data()),
        table_size(store.weight_table.size()) {}

  // Called, not inlined: little beside the rest of laying a synapse down, and a tenth of the builder's compile time.
  [[gnu::noinline]] double value(uint16_t code) const {
    if (kind == PGL_STORE_HALF) return half_value(code);
    if (kind == PGL_STORE_FIXED) return fixed_value(code, scale);
    return table[code];
  }
  // Of a table, the code itself is what is written.
  [[gnu::noinline]] uint16_t code(double weight) const {
    if (kind == PGL_STORE_HALF) return half_code(weight);
    if (kind == PGL_STORE_FIXED) return fixed_code(weight, scale);
    return uint16_t(weight);
  }
  void check(double largest) const {
    if (kind == PGL_STORE_HALF && largest > kLargestHalf)
      throw Error("a weight of %g is too large for half precision: the largest is 65504", largest);
    if (kind == PGL_STORE_TABLE && largest >= double(table_size))
      throw Error("a synapse asks for entry %g of a table of %llu", largest, (unsigned long long)table_size);
  }
};

}  // namespace pgl

#endif
