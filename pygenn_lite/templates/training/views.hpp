// Memory of a sample in flight as functions see it: a population's rows, and one neuron of it (`At`), which is what
// generated structures are given. `real` is the type of all numbers.
#ifndef PGL_TRAINING_VIEWS_HPP
#define PGL_TRAINING_VIEWS_HPP

#include "training/records.h"

namespace pgl::training {

// A population without a model: its spikes are staged.
struct Source {};
template <class Population>
inline constexpr bool kHasModel = !kSame<Population, Source>;

// What a program is made of; populations without a model are Sources.
template <class... Population>
struct Populations {
  static constexpr uint32_t kCount = sizeof...(Population);
};

namespace detail {

template <uint32_t K, class First, class... Rest>
struct Pick {
  using Type = typename Pick<K - 1, Rest...>::Type;
};
template <class First, class... Rest>
struct Pick<0, First, Rest...> {
  using Type = First;
};
template <uint32_t K, class List>
struct PickOf;
template <uint32_t K, class... Population>
struct PickOf<K, Populations<Population...>> {
  using Type = typename Pick<K, Population...>::Type;
};

}  // namespace detail

// Whether spikes of any population have a smooth derivative.
template <class Population>
constexpr bool is_smooth() {
  if constexpr (kHasModel<Population>) return Population::kSpikes && Population::kSmooth;
  return false;
}
template <class... Population>
constexpr bool any_smooth(Populations<Population...>) {
  return (is_smooth<Population>() || ...);
}

template <uint32_t K, class List>
using PopulationOf = typename detail::PickOf<K, List>::Type;

// f.operator()<Population, K>() for those that have a model, in their order.
template <class List, uint32_t K = 0, class F>
PGL_DEVICE void each_model(F&& f) {
  if constexpr (K < List::kCount) {
    if constexpr (kHasModel<PopulationOf<K, List>>) f.template operator()<PopulationOf<K, List>, K>();
    each_model<List, K + 1>(f);
  }
}
// f.operator()<K>() for K < kEnd.
template <uint32_t kEnd, uint32_t K = 0, class F>
PGL_DEVICE void each_number(F&& f) {
  if constexpr (K < kEnd) {
    f.template operator()<K>();
    each_number<kEnd, K + 1>(f);
  }
}

// The rows of a population, in a step.
struct Rows {
  uint32_t n, stride, room;
  real* state;
  const real* shared_values;
  const real* own_values;
  real* kept;    // of what there was before the step, what the way back reads: rows of this step
  real* before;  // the others, only until the step is over
  real* adjoint;
  real* sums;
  real* back;
  real* recorded;
  uint32_t* counts;
  uint32_t* flags;
  const real* mean_counts;
  uint32_t* tangential;
  real t, dt;
};

// A neuron; of it a spike, where there is one: its number on the tape, and what comes back to it.
template <class Population>
struct At {
  const Rows& rows;
  uint32_t i;
  uint32_t spike = 0;
  real price = real(0);

  PGL_DEVICE real& state(uint32_t k) const { return of(rows.state, k); }
  PGL_DEVICE real shared(uint32_t k) const { return rows.shared_values[k]; }
  PGL_DEVICE real own(uint32_t k) const { return of(rows.own_values, k); }
  PGL_DEVICE real& before(uint32_t k) const { return k < Population::kKept ? of(rows.kept, k) : of(rows.before, k - Population::kKept); }
  PGL_DEVICE real& recorded(uint32_t k) const { return (rows.recorded + size_t(k) * rows.room)[int32_t(spike)]; }
  PGL_DEVICE real& adjoint(uint32_t k) const { return of(rows.adjoint, k); }
  PGL_DEVICE void gradient(uint32_t k, real value) const { of(rows.sums, k) += value; }
  PGL_DEVICE real back() const {
    if constexpr (Population::kSmooth) {
      return rows.back[int32_t(i)];
    } else {
      return price;
    }
  }
  PGL_DEVICE bool decides(bool found) const { return found; }
  PGL_DEVICE bool spiked() const { return rows.flags[int32_t(i)] != 0; }
  PGL_DEVICE real crossing() const { return Population::crossing(*this); }
  PGL_DEVICE real t() const { return rows.t; }
  PGL_DEVICE real dt() const { return rows.dt; }
  PGL_DEVICE uint32_t neuron() const { return i; }

 private:
  // A signed index: one that might wrap around would keep loops from becoming vectors.
  template <class T>
  PGL_DEVICE T& of(T* values, uint32_t k) const {
    return (values + size_t(k) * rows.stride)[int32_t(i)];
  }
};

// A neuron of a population whose spikes are given: its flag says whether it spikes.
template <class Population>
struct ReplayedAt : At<Population> {
  PGL_DEVICE bool decides(bool) const { return this->rows.flags[int32_t(this->i)] != 0; }
};

// A spike that is recorded; those close to the threshold's tangent are counted apart.
template <class Population>
struct RecordedAt : At<Population> {
  uint32_t& tangential;
  PGL_DEVICE void count_tangential(bool is_tangential) const { tangential += is_tangential ? 1u : 0u; }
};

// Spikes by the steps they carry: those of step s are index[begin[s]] to index[begin[s + 1]].
struct Tape {
  const uint32_t* begin;
  const uint32_t* index;
};

}  // namespace pgl::training

#endif
