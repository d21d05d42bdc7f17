// The way forwards of a trial.
#ifndef PGL_TRAINING_FORWARD_HPP
#define PGL_TRAINING_FORWARD_HPP

#include "training/arrivals.hpp"
#include "training/finite.hpp"
#include "training/trial.hpp"

namespace pgl::training {

// Neurons come to the end of the step, and spike when the data say so, whatever their thresholds do.
template <class Population>
PGL_DEVICE void flow_as_given(const Place& place, const pgl_training_spikes& given, const Rows& rows, uint32_t step) {
  each(rows.n, [&](uint32_t i) { rows.flags[int32_t(i)] = 0u; });
  barrier();
  const uint32_t* begin = given.begin + place.sample * (place.program->steps + uint64_t(1));
  const uint32_t* index = given.index + given.first[place.sample];
  const bool any = step + 1 < place.program->steps;
  const uint32_t first = any ? begin[step + 1] : 0, n = any ? begin[step + 2] - first : 0;
  each_alone(n, [&](uint32_t k) { rows.flags[index[first + k]] = kFlag; });
  barrier();
  each(rows.n, [&](uint32_t i) { Population::forward(ReplayedAt<Population>{{rows, i}}); });
}

// What is kept of spikes, of which the first has the number `before`.
template <class Population>
PGL_DEVICE void record_spikes(const Rows& all, const uint32_t* list, uint32_t before, uint32_t n) {
  if constexpr (Population::kRecorded != 0) {
    Rows rows = all;
    rows.recorded += before;
    uint32_t tangential = 0;
    each(n, [&](uint32_t k) { Population::record(RecordedAt<Population>{{rows, list[int32_t(k)], k}, tangential}); });
    if (tangential != 0) atomic_add(rows.tangential, tangential);
  }
}

// Neurons come to the end of the step; those that spike are put on the tape. False: it has no room for them.
template <class Population, uint32_t K, class Trial, class Loss>
PGL_DEVICE bool flow(const Trial& trial, uint32_t step) {
  const Place& place = trial.place();
  const pgl_training_population& of = place.population(K);
  Rows rows = place.rows<Population>(K, step);
  const Constants<real, Population::kShared> shared(rows.shared_values);
  if constexpr (!Population::kSharedDecide) rows.shared_values = shared.values;
  if constexpr (!Population::kSpikes) {
    each(rows.n, [&](uint32_t i) { Population::forward(At<Population>{rows, i}); });
    return true;
  } else {
    uint32_t* flags = rows.flags;
    const pgl_training_spikes* given = kReplayed && place.data->replayed != nullptr ? place.data->replayed + K : nullptr;
    if (given != nullptr && given->index != nullptr) {
      if constexpr (kReplayed) flow_as_given<Population>(place, *given, rows, step);
    } else {
      each(rows.n, [&](uint32_t i) { flags[int32_t(i)] = Population::forward(At<Population>{rows, i}) ? kFlag : 0u; });
    }
    barrier();
    uint32_t* begin = place.at<uint32_t>(of.begin);
    const uint32_t before = begin[step + 1];
    uint32_t* list = place.at<uint32_t>(of.index) + before;
    const uint32_t found = list_flagged(flags, of.n, list, of.room - before);
    if (before + found > of.room) {
      if (thread() == 0) note_fault(place, PGL_TRAINING_NO_ROOM, PGL_TRAINING_STATE, K, 0, step, before + found);
      return false;
    }
    if (thread() == 0) begin[step + 2] = before + found;
    if (found == 0) return true;
    record_spikes<Population>(rows, list, before, found);
    each_alone(found, [&](uint32_t k) {
      const At<Population> at{rows, list[k], before + k};
      [[maybe_unused]] const uint32_t number = rows.counts[at.i]++;
      if constexpr (Loss::spikes(K)) Loss::template spike<K>(at, trial, step, number);
    });
    return true;
  }
}

// Everything as it is at t_0.
template <class List>
PGL_DEVICE void begin_trial(const Place& place) {
  each_model<List>([&]<class Population, uint32_t K>() {
    const pgl_training_population& of = place.population(K);
    const real* initial = static_cast<const real*>(of.initial);
    real* state = place.at<real>(of.state);
    each(Population::kStates * of.stride, [&](uint32_t i) { state[int32_t(i)] = initial[int32_t(i)]; });
    uint32_t* counts = place.at<uint32_t>(of.counts);
    each(of.stride, [&](uint32_t i) { counts[int32_t(i)] = 0; });
    if constexpr (Population::kSpikes) {
      uint32_t* flags = place.at<uint32_t>(of.flags);
      each(flags_of(of), [&](uint32_t i) { flags[int32_t(i)] = 0; });
      uint32_t* begin = place.at<uint32_t>(of.begin);
      if (thread() == 0) begin[0] = begin[1] = 0;
    }
  });
  for (uint32_t g = 0; g < place.program->n_groups; ++g) {
    const pgl_training_group& group = place.group(g);
    if (group.dropout != 0.0) drop(place, group);
    if (group.ring == 0 || sums_ahead(place, group)) continue;
    real* waiting = place.at<real>(group.waiting);
    each(group.ring * place.population(group.target).stride, [&](uint32_t i) { waiting[int32_t(i)] = real(0); });
  }
}

// What is known before the first step.
PGL_CALLED void look_ahead(const Place& place) {
  for (uint32_t k = 0; k < place.program->n_populations; ++k) {
    if (is_sorted_ahead(place, k)) sort_spikes(place, k);
  }
  for (uint32_t g = 0; g < place.program->n_groups; ++g) {
    if (sums_ahead(place, place.group(g))) sum_ahead(place, place.group(g));
  }
}

// Given spikes that are sorted need room, too.
PGL_CALLED bool given_spikes_fit(const Place& place) {
  for (uint32_t k = 0; k < place.program->n_populations; ++k) {
    const pgl_training_population& of = place.population(k);
    if (of.input == PGL_TRAINING_NONE || of.sorted == 0) continue;
    const uint32_t n = place.tape(k).begin[place.program->steps];
    if (n <= of.room) continue;
    if (thread() == 0) note_fault(place, PGL_TRAINING_NO_ROOM, PGL_TRAINING_STATE, k, 0, 0, n);
    return false;
  }
  return true;
}

// False: the trial has a fault, which is noted in its slot.
template <class List, class Loss>
PGL_DEVICE bool go_forward(Trial<List, Loss>& trial, bool checked) {
  const Place& place = trial.place();
  if (!given_spikes_fit(place)) return false;
  begin_trial<List>(place);
  trial.come_to(0);
  barrier();
  look_ahead(place);
  Loss::begin(trial);
  barrier();
  for (uint32_t step = 0; step < trial.steps(); ++step) {
    trial.come_to(step);
    for (uint32_t g = 0; g < place.program->n_groups; ++g) arrive(place, place.group(g), step);
    for (uint32_t k = 0; k < place.data->n_values; ++k) add_values(place, place.data->values[k], step);
    barrier();
    bool fits = true;
    each_model<List>([&]<class Population, uint32_t K>() { fits &= flow<Population, K, Trial<List, Loss>, Loss>(trial, step); });
    if (!fits) return false;
    barrier();
    if (checked && !states_are_finite<List>(place, step)) return false;
    Loss::observe(trial, step);
  }
  barrier();
  Loss::finish(trial);
  barrier();
  return true;
}

}  // namespace pgl::training

#endif
