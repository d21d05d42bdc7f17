// Where the weights of a static group come from: one for all, one each, or 16 bits each that stand for one.
#ifndef PGL_CUDA_WEIGHTS_HPP
#define PGL_CUDA_WEIGHTS_HPP

#include "common/half.hpp"
#include "cuda/engine/sinks.hpp"

namespace pgl {

// Each: `loaded` says what is read of a synapse, value(...) makes a weight of it.
struct CommonWeight {
  real weight;
  PGL_DEVICE uint32_t load(uint32_t) const { return 0; }
  PGL_DEVICE real value(uint32_t) const { return weight; }
};
struct StoredWeights {
  const real* weights;
  PGL_DEVICE real load(uint32_t position) const { return load_once(weights + position); }
  PGL_DEVICE real value(real loaded) const { return loaded; }
};
struct HalfWeights {
  const uint16_t* codes;
  PGL_DEVICE uint16_t load(uint32_t position) const { return load_once(codes + position); }
  PGL_DEVICE real value(uint16_t code) const { return real(half_value(code)); }
};
struct FixedWeights {
  const uint16_t* codes;
  real scale;
  PGL_DEVICE uint16_t load(uint32_t position) const { return load_once(codes + position); }
  PGL_DEVICE real value(uint16_t code) const { return scale * real(int16_t(code)); }
};
struct TableWeights {
  const uint16_t* codes;
  const double* table;
  PGL_DEVICE uint16_t load(uint32_t position) const { return load_once(codes + position); }
  PGL_DEVICE real value(uint16_t code) const { return real(load_constant(table + code)); }
};

// Calls use(weights) with those of the group.
template <class Use>
PGL_DEVICE void with_weights(const pgl_synapses& group, Use&& use) {
  switch (group.code_kind) {
    case 1:
      use(HalfWeights{group.codes});
      break;
    case 2:
      use(FixedWeights{group.codes, real(group.code_scale)});
      break;
    case 3:
      use(TableWeights{group.codes, group.table});
      break;
    default:
      if (group.variables != nullptr && group.variables[0] != nullptr) {
        use(StoredWeights{static_cast<const real*>(group.variables[0])});
      } else {
        use(CommonWeight{real(group.common_weight)});
      }
  }
}

}  // namespace pgl

#endif
