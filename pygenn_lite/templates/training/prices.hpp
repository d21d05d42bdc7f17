// What comes back through synapses on the way backwards: to spikes (exact) or to all neurons (smooth).
#ifndef PGL_TRAINING_PRICES_HPP
#define PGL_TRAINING_PRICES_HPP

#include "training/arrivals.hpp"

namespace pgl::training {

// One spike's row of weights times a row of the target. On a card all lanes of a warp call this together.
PGL_CALLED real row_product(const pgl_training_group& group, uint32_t neuron, const real* of_target) {
  const real* weights = static_cast<const real*>(group.back_weight);
  if (group.layout == PGL_TRAINING_DENSE) return product(weights + size_t(neuron) * group.stride, of_target, group.stride);
  const uint32_t begin = group.row_begin[neuron];
  return warp_sum<real>(group.row_begin[neuron + 1] - begin, [&](uint32_t k) {
    return weight_of(group, weights, begin + k) * of_target[group.target_of[begin + k]];
  });
}

// f(k, the product of a row of the target and the weights of neuron number_of(k)) for begin <= k < end, but for neurons that
// are left out.
template <class Number, class F>
PGL_DEVICE void row_products(const Place& place, const pgl_training_group& group, const real* of_target, uint32_t begin, uint32_t end,
                             Number&& number_of, F&& f) {
  if (group.layout == PGL_TRAINING_DENSE && group.dropout == 0.0) {
    each_product(static_cast<const real*>(group.back_weight), group.stride, of_target, begin, end, number_of, f);
    return;
  }
  each_by_warp(begin, end, [&](uint32_t k) {
    if (is_dropped(place, group, number_of(k))) return;
    const real found = row_product(group, number_of(k), of_target);
    if (is_first_lane()) f(k, found);
  });
}

// The same where every synapse has a delay: each reads the row of the step in which it arrived.
template <class ValueOf>
PGL_DEVICE real delayed_product(const Place& place, const pgl_training_group& group, uint32_t neuron, uint32_t step, ValueOf&& value_of) {
  const real* weights = static_cast<const real*>(group.back_weight);
  const auto* delays = static_cast<const uint32_t*>(group.delays);
  const bool dense = group.layout == PGL_TRAINING_DENSE;
  const uint32_t steps = place.program->steps;
  const uint32_t begin = dense ? neuron * group.stride : group.row_begin[neuron];
  const uint32_t n = dense ? place.population(group.target).n : group.row_begin[neuron + 1] - begin;
  if (dense) {  // what arrives too late reads the last step, and counts nothing: the loop becomes one of vectors
    const real* row = weights + begin;
    const uint32_t* of = delays + begin;
    return warp_sum<real>(n, [&](uint32_t k) {
      const int32_t arrival = int32_t(step + of[int32_t(k)]), last = int32_t(steps) - 1;
      const real found = row[int32_t(k)] * value_of(uint32_t(arrival < last ? arrival : last), k);
      return arrival <= last ? found : real(0);
    });
  }
  return warp_sum<real>(n, [&](uint32_t k) {
    const uint32_t arrival = step + delays[begin + k], j = group.target_of[begin + k];
    return arrival < steps ? weight_of(group, weights, begin + k) * value_of(arrival, j) : real(0);
  });
}

// Exact, one delay for all: at the end of the way back through a step, to the spikes that arrived at its beginning.
PGL_CALLED void send_back(const Place& place, const pgl_training_group& group, uint32_t step) {
  const pgl_training_population& source = place.population(group.source);
  const pgl_training_population& target = place.population(group.target);
  if (step < group.delay) return;
  const Tape tape = place.tape(group.source);
  const uint32_t carried = step - group.delay, begin = tape.begin[carried], end = tape.begin[carried + 1];
  if (begin == end) return;
  const real* sent = place.at<real>(target.sent_now) + size_t(group.into) * target.stride;
  const real scale = scale_of(group);
  const bool has_model = source.input == PGL_TRAINING_NONE;
  if (has_model && group.back_weight != nullptr) {
    real* back = place.at<real>(source.back);
    row_products(place, group, sent, begin, end, [&](uint32_t k) { return tape.index[k]; }, [&](uint32_t k, real found) { back[k] += scale * found; });
  }
}

// Exact, a delay for every synapse: to the spikes that are sent in this step.
PGL_CALLED void send_back_delayed(const Place& place, const pgl_training_group& group, uint32_t carried) {
  const pgl_training_population& source = place.population(group.source);
  const pgl_training_population& target = place.population(group.target);
  const Tape tape = place.tape(group.source);
  const real scale = scale_of(group);
  real* back = place.at<real>(source.back);
  const real* pairs = place.pairs_of(target, group.into);
  const uint32_t neuron_steps = target.neuron_steps;
  each_by_warp(tape.begin[carried], tape.begin[carried + 1], [&](uint32_t k) {
    if (is_dropped(place, group, tape.index[k])) return;
    const real found = delayed_product(place, group, tape.index[k], carried,
                                       [&](uint32_t arrival, uint32_t j) { return pairs[int32_t(2 * (j * neuron_steps + arrival) + 1)]; });
    if (is_first_lane()) back[k] += scale * found;
  });
}

PGL_DEVICE Matrix<real> matrix_of(const pgl_training_program& program, const pgl_training_group& group) {
  const uint32_t n = program.populations[group.source].n, columns = program.populations[group.target].n;
  return {static_cast<const real*>(group.back_weight), static_cast<const real*>(group.panels), n, columns, group.stride};
}

// Smooth: to every neuron of the source, for the spikes that it might have sent in this step, of several samples; dense, one
// delay for all.
PGL_CALLED void send_back_to_all_dense(const Place* places, uint32_t samples, const pgl_training_group& group, uint32_t carried) {
  const pgl_training_program& program = *places[0].program;
  if (carried + group.delay >= program.steps) return;
  const real* rows[kMostTogether];
  real* back[kMostTogether];
  for (uint32_t k = 0; k < samples; ++k) {
    rows[k] = places[k].kept_row(program.populations[group.target], group.into, carried + group.delay);
    back[k] = places[k].at<real>(program.populations[group.source].back);
  }
  add_products(matrix_of(program, group), rows, scale_of(group), back, samples);
}

// The same of one sample, for other groups, and with dropout.
PGL_CALLED void send_back_to_all(const Place& place, const pgl_training_group& group, uint32_t carried) {
  const pgl_training_population& source = place.population(group.source);
  const pgl_training_population& target = place.population(group.target);
  const real scale = scale_of(group);
  real* back = place.at<real>(source.back);
  if (group.ring == 0 && carried + group.delay >= place.program->steps) return;
  const real* row = group.ring == 0 ? place.kept_row(target, group.into, carried + group.delay) : nullptr;
  if (group.ring == 0) {
    row_products(place, group, row, 0, source.n, [](uint32_t i) { return i; }, [&](uint32_t i, real found) { back[i] += scale * found; });
    return;
  }
  each_by_warp(0, source.n, [&](uint32_t i) {
    if (is_dropped(place, group, i)) return;
    const real found = delayed_product(place, group, i, carried, [&](uint32_t arrival, uint32_t j) { return place.kept_row(target, group.into, arrival)[j]; });
    if (is_first_lane()) back[i] += scale * found;
  });
}

// Shared weights: the sample's own sums, from the spikes that arrived at the beginning of a step; where every synapse has
// its delay, from those that were sent then.
PGL_CALLED void sum_shared(const Place& place, const pgl_training_group& group, uint32_t step) {
  const pgl_training_population& target = place.population(group.target);
  const uint32_t delay = group.ring == 0 ? group.delay : 0;
  if (step < delay) return;
  const Tape tape = place.tape(group.source);
  const auto* delays = static_cast<const uint32_t*>(group.delays);
  const real scale = scale_of(group);
  real* sums = place.at<real>(group.sums);
  for (uint32_t e = tape.begin[step - delay]; e < tape.begin[step - delay + 1]; ++e) {
    const uint32_t neuron = tape.index[e];
    if (is_dropped(place, group, neuron)) continue;
    const uint32_t begin = group.row_begin[neuron];
    each_of_row(group.row_begin[neuron + 1] - begin, (group.once & PGL_TRAINING_ENTRIES) != 0, [&](uint32_t q) {
      const uint32_t synapse = begin + q, arrival = step + (group.ring == 0 ? 0 : delays[synapse]);
      if (arrival >= place.program->steps) return;
      sums[group.weight_of[synapse]] += scale * place.kept_row(target, group.into, arrival)[group.target_of[synapse]];
    });
  }
}

}  // namespace pgl::training

#endif
