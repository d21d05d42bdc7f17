// The engine's kernels, and such as a network generates, small enough to be followed by hand.
#include "cuda/engine.cu"
#include "cuda/engine/visits.hpp"

#if PGL_OWNERS_ARE_WARPS
#define KERNEL PGL_KERNEL
#else
#define KERNEL PGL_LOOP
#endif

using pgl::Visit;

// Neurons: arrays[0] is a potential, arrays[1] a trace.
struct NeuronKernel {
  struct Shared {
    real gain;
  };
  struct Neuron {
    real v, trace;
  };
  static PGL_DEVICE Shared shared(const pgl_population& population, int64_t) { return {real(population.scalars[0])}; }
  static PGL_DEVICE Neuron load(const pgl_population& population, uint32_t i) {
    return {static_cast<real*>(population.arrays[0])[i], static_cast<real*>(population.arrays[1])[i]};
  }
  static PGL_DEVICE int draw(const pgl_population&, const Shared&, int64_t, uint32_t) { return 0; }
  static PGL_DEVICE void store(const pgl_population& population, uint32_t i, const Neuron& neuron) {
    static_cast<real*>(population.arrays[0])[i] = neuron.v;
    static_cast<real*>(population.arrays[1])[i] = neuron.trace;
  }
};

// v += gain; from 1 on it spikes and goes back to 0; beyond 1e9 it is a fault.
struct update : NeuronKernel {
  static constexpr Visit kVisit = Visit::kNeurons;
  template <class Sink>
  static PGL_DEVICE void run(const pgl_population&, const Shared& shared, int, Neuron& neuron, int64_t, uint32_t, Sink& sink) {
    neuron.v += shared.gain;
    if (!(neuron.v <= real(1e9))) return sink.fault(3);
    if (neuron.v < real(1)) return;
    neuron.v = real(0);
    sink.spike();
  }
};

// A spike: trace = trace / 2 + 1 + step.
struct after : NeuronKernel {
  static constexpr Visit kVisit = Visit::kSpikingNeurons;
  template <class Sink>
  static PGL_DEVICE void run(const pgl_population&, const Shared&, int, Neuron& neuron, int64_t step, uint32_t, Sink&) {
    neuron.trace = neuron.trace / 2 + 1 + real(step);
  }
};

// Synapses: variables[0] is a weight; post[0] a sum of the target; pre[0] the source's trace as it was sent.
struct SynapseKernel {
  static constexpr uint32_t kPosts = 1;
  static constexpr uint64_t kAddsTo = 1;
  struct Shared {};
  static PGL_DEVICE Shared shared(const pgl_synapses&, int64_t) { return {}; }
  static PGL_DEVICE real sent(const pgl_synapses& group, int64_t step, uint32_t source, uint32_t delay, int64_t repeat) {
    const pgl_past& past = *group.pre[0];
    if (repeat >= 0) return static_cast<const real*>(past.repeated)[repeat];
    return static_cast<const real*>(past.base)[(uint64_t(step - delay) & past.mask) * past.stride + source];
  }
};

// Adds the weight to the target and the trace to the weight, halved.
struct on_pre : SynapseKernel {
  static constexpr Visit kVisit = Visit::kArrivals;
  static constexpr bool kReadsWhatItAdds = false;
  template <class Sink>
  static PGL_DEVICE void run(const pgl_synapses& group, const Shared&, int64_t step, uint32_t position, uint32_t source,
                             uint32_t target, uint32_t delay, int64_t repeat, Sink& sink) {
    real& weight = static_cast<real*>(group.variables[0])[position];
    sink.add(0, target, weight);
    weight = weight / 2 + sent(group, step, source, delay, repeat);
  }
};

// The weight becomes half of it, an eighth of the target's sum and the trace; then it is added to that sum.
struct on_pre_ordered : SynapseKernel {
  static constexpr Visit kVisit = Visit::kArrivals;
  static constexpr bool kReadsWhatItAdds = true;
  template <class Sink>
  static PGL_DEVICE void run(const pgl_synapses& group, const Shared&, int64_t step, uint32_t position, uint32_t source,
                             uint32_t target, uint32_t delay, int64_t repeat, Sink& sink) {
    real& weight = static_cast<real*>(group.variables[0])[position];
    const real trace = group.pre != nullptr ? sent(group, step, source, delay, repeat) : real(0);
    weight = weight / 2 + static_cast<real*>(group.post[0])[target] / 8 + trace;
    sink.add(0, target, weight);
  }
};

// weight = weight / 2 + 100 source + delay, which is added to the target.
template <bool kInOrder>
struct OnPost : SynapseKernel {
  static constexpr Visit kVisit = Visit::kTargets;
  static constexpr bool kReadsWhatItAdds = kInOrder;
  template <class Sink>
  static PGL_DEVICE void run(const pgl_synapses& group, const Shared&, int64_t, uint32_t position, uint32_t source,
                             uint32_t target, uint32_t delay, int64_t, Sink& sink) {
    real& weight = static_cast<real*>(group.variables[0])[position];
    weight = weight / 2 + real(100 * source + delay);
    if (kInOrder) weight += static_cast<real*>(group.post[0])[target] / 8;
    sink.add(0, target, weight);
  }
};
using on_post = OnPost<false>;
using on_post_ordered = OnPost<true>;

// weight += target + 100 source; or, by target, each is added to half of the sum so far.
struct settle : SynapseKernel {
  static constexpr Visit kVisit = Visit::kSynapses;
  static constexpr bool kReadsWhatItAdds = false, kAdds = false;
  static constexpr uint64_t kAddsTo = 0;
  template <class Sink>
  static PGL_DEVICE void run(const pgl_synapses& group, const Shared&, int64_t, uint32_t position, uint32_t source,
                             uint32_t target, uint32_t, int64_t, Sink&) {
    static_cast<real*>(group.variables[0])[position] += real(target + 100 * source);
  }
};
struct gather : SynapseKernel {
  static constexpr Visit kVisit = Visit::kSynapses;
  static constexpr bool kReadsWhatItAdds = false, kAdds = true;
  template <class Sink>
  static PGL_DEVICE void run(const pgl_synapses& group, const Shared&, int64_t, uint32_t position, uint32_t,
                             uint32_t target, uint32_t, int64_t, Sink& sink) {
    sink.add(0, target, static_cast<real*>(group.variables[0])[position] - static_cast<real*>(group.post[0])[target] / 2);
  }
};

namespace pgl {

template <class Visitor>
PGL_DEVICE void dispatch(uint32_t function, Visitor&& visitor) {
  switch (function) {
    case 0: visitor.template visit<update>(); break;
    case 1: visitor.template visit<after>(); break;
    case 2: visitor.template visit<on_pre>(); break;
    case 3: visitor.template visit<on_pre_ordered>(); break;
    case 4: visitor.template visit<on_post>(); break;
    case 5: visitor.template visit<on_post_ordered>(); break;
    case 6: visitor.template visit<settle>(); break;
    case 7: visitor.template visit<gather>(); break;
    default: break;
  }
}

}  // namespace pgl

#define HAND_MADE(name) \
  KERNEL(name##_kernel, pgl_launch, 128) { pgl::visit<name>(args); }
HAND_MADE(update)
HAND_MADE(after)
HAND_MADE(on_pre)
HAND_MADE(on_pre_ordered)
HAND_MADE(on_post)
HAND_MADE(on_post_ordered)
HAND_MADE(settle)
HAND_MADE(gather)
