// The way backwards of a trial.
#ifndef PGL_TRAINING_BACKWARD_HPP
#define PGL_TRAINING_BACKWARD_HPP

#include "training/finite.hpp"
#include "training/prices.hpp"
#include "training/trial.hpp"

namespace pgl::training {

inline constexpr uint32_t kStepsAhead = 12;  // whose pairs are fetched before they are written

PGL_CALLED void clear(real* values, uint32_t n) {
  each(n, [&](uint32_t i) { values[int32_t(i)] = real(0); });
}

// Everything as it is behind the last step.
template <class List>
PGL_DEVICE void begin_way_back(const Place& place) {
  each_model<List>([&]<class Population, uint32_t K>() {
    const pgl_training_population& of = place.population(K);
    clear(place.at<real>(of.adjoint), Population::kAdjoints * of.stride);
    clear(place.at<real>(of.sums), Population::kGradients * of.stride);
    if constexpr (Population::kSpikes) {
      clear(place.at<real>(of.back), Population::kSmooth ? of.stride : place.at<uint32_t>(of.begin)[place.program->steps + 1]);
      uint32_t* flags = place.at<uint32_t>(of.flags);
      uint32_t* left = place.at<uint32_t>(of.left);
      const uint32_t* counts = place.at<uint32_t>(of.counts);
      each(flags_of(of), [&](uint32_t i) { flags[int32_t(i)] = 0; });
      each(of.stride, [&](uint32_t i) { left[int32_t(i)] = counts[int32_t(i)]; });
    }
  });
  for (uint32_t g = 0; g < place.program->n_groups; ++g) {
    const pgl_training_group& group = place.group(g);
    if (group.layout == PGL_TRAINING_SHARED && (group.wanted & PGL_TRAINING_WEIGHTS) != 0) clear(place.at<real>(group.sums), group.n_weights);
  }
}

// Neurons that spiked in a step.
PGL_DEVICE void flag_spikes(const Rows& rows, const Tape& tape, uint32_t step, uint32_t flag) {
  const uint32_t begin = tape.begin[step + 1];
  each_alone(tape.begin[step + 2] - begin, [&](uint32_t k) { rows.flags[tape.index[begin + k]] = flag; });
}

// What comes back to the spikes of this step, before their population goes back over it.
template <class Population, uint32_t K, class Trial, class Loss>
PGL_DEVICE void go_back_over_spikes(const Trial& trial, const Rows& rows, uint32_t step) {
  const Place& place = trial.place();
  const Tape tape = place.tape(K);
  const uint32_t begin = tape.begin[step + 1], n = tape.begin[step + 2] - begin;
  if (n == 0) return;
  for (uint32_t g = 0; g < place.program->n_groups; ++g) {
    const pgl_training_group& group = place.group(g);
    if (group.source == K && group.ring != 0 && group.back_weight != nullptr) send_back_delayed(place, group, step + 1);
  }
  barrier();
  uint32_t* left = place.at<uint32_t>(place.population(K).left);
  each_alone(n, [&](uint32_t k) {
    At<Population> at{rows, tape.index[begin + k], begin + k, rows.back[begin + k]};
    rows.flags[at.i] = kFlag;
    const uint32_t number = --left[at.i];
    if constexpr (Loss::prices(K)) at.price += Loss::template price<K>(at, trial, step, number);
    Population::at_spike(at);
    if constexpr (Loss::pushes(K)) Loss::template push<K>(at, trial);
  });
  barrier();
}

// What comes back to all neurons of a population whose derivative is smooth, before it goes back over this step.
PGL_CALLED void send_back_smooth(const Place* places, uint32_t samples, uint32_t population, uint32_t step) {
  for (uint32_t g = 0; g < places[0].program->n_groups; ++g) {
    const pgl_training_group& group = places[0].group(g);
    if (group.source != population || group.back_weight == nullptr) continue;
    if (group.layout == PGL_TRAINING_DENSE && group.ring == 0 && group.dropout == 0.0) {
      send_back_to_all_dense(places, samples, group, step + 1);
    } else {
      for (uint32_t k = 0; k < samples; ++k) send_back_to_all(places[k], group, step + 1);
    }
  }
}

// A population goes back over a step; its adjoints are then those at its beginning, behind the arrivals.
template <class Population, uint32_t K, class Trial, class Loss>
PGL_DEVICE void flow_back(const Trial& trial, uint32_t step) {
  const Place& place = trial.place();
  const pgl_training_population& of = place.population(K);
  Rows rows = place.rows<Population>(K, step);
  const Constants<real, Population::kShared> shared(rows.shared_values);
  if constexpr (!Population::kSharedDecide) rows.shared_values = shared.values;
  if constexpr (Population::kSpikes && !Population::kSmooth) go_back_over_spikes<Population, K, Trial, Loss>(trial, rows, step);
  if constexpr (Population::kSpikes && Population::kSmooth) {
    flag_spikes(rows, place.tape(K), step, kFlag);
    barrier();
  }
  each(rows.n, [&](uint32_t i) { Population::backward(At<Population>{rows, i}); });
  if constexpr (Population::kSpikes && Population::kSmooth) clear(rows.back, rows.n);
  each_number<Population::kAdjoints>([&]<uint32_t kAdjoint>() {
    const real* adjoint = rows.adjoint + kAdjoint * rows.stride;
    if ((of.kept >> kAdjoint & 1u) != 0) {
      real* kept = place.kept_row(of, kAdjoint, step);
      each(rows.n, [&](uint32_t i) { kept[int32_t(i)] = adjoint[int32_t(i)]; });
    }
    if ((of.sent >> kAdjoint & 1u) == 0) return;
    real* now = place.at<real>(of.sent_now) + kAdjoint * rows.stride;
    each(rows.n, [&](uint32_t i) { now[int32_t(i)] = Population::sent(At<Population>{rows, i}, kAdjoint); });
    if ((of.sent_kept >> kAdjoint & 1u) == 0) return;
    auto* pairs = reinterpret_cast<Pair<real>*>(place.pairs_of(of, kAdjoint)) + step;
    each_alone(rows.n, [&](uint32_t i) {
      Pair<real>* pair = pairs + size_t(i) * of.neuron_steps;
      *pair = Pair<real>{adjoint[i], now[i]};
      prefetch(pair - kStepsAhead);
    });
  });
  if constexpr (Population::kSpikes) {
    barrier();  // all have seen the flags
    flag_spikes(rows, place.tape(K), step, 0);
  }
}

// The prices of arrivals, between those without and those with what the loss has added at their time.
template <class Population, uint32_t K>
PGL_DEVICE void meet_loss(const Place& place, uint32_t step) {
  const pgl_training_population& of = place.population(K);
  const Rows rows = place.rows<Population>(K, step);
  each_number<Population::kAdjoints>([&]<uint32_t kAdjoint>() {
    if ((of.sent >> kAdjoint & 1u) == 0) return;
    real* now = place.at<real>(of.sent_now) + kAdjoint * rows.stride;
    each(rows.n, [&](uint32_t i) { now[int32_t(i)] = real(0.5) * (now[int32_t(i)] + Population::sent(At<Population>{rows, i}, kAdjoint)); });
    if ((of.sent_kept >> kAdjoint & 1u) == 0) return;
    auto* pairs = reinterpret_cast<Pair<real>*>(place.pairs_of(of, kAdjoint)) + step;
    each_alone(rows.n, [&](uint32_t i) {
      Pair<real>& pair = pairs[size_t(i) * of.neuron_steps];
      pair = Pair<real>{pair[0], now[i]};
    });
  });
}

// What the loss adds where a step begins. It reads its variables at the very time of arrivals, when what these move begins to
// rise: their prices see one half of it. With all of it, or without it, they would be wrong by half a step of the loss's
// derivative; where the loss is an integral that is more than all else, since it hardly depends on when a spike comes.
template <class List, class Loss>
PGL_DEVICE void drive_at_beginning(Trial<List, Loss>& trial, uint32_t step) {
  trial.come_to(step - 1);
  Loss::drive(trial, step - 1);
  if constexpr (any_smooth(List{})) return;
  each_model<List>([&]<class Population, uint32_t K>() {
    if constexpr (Loss::drives(K)) meet_loss<Population, K>(trial.place(), step);
  });
}

// What goes through groups, at the beginning of a step.
template <class List>
PGL_DEVICE void groups_back(const Place& place, uint32_t step) {
  for (uint32_t g = 0; g < place.program->n_groups; ++g) {
    const pgl_training_group& group = place.group(g);
    if (group.ring == 0 && place.population(group.target).sent != 0) send_back(place, group, step);
    if (group.layout == PGL_TRAINING_SHARED && (group.wanted & PGL_TRAINING_WEIGHTS) != 0) sum_shared(place, group, step);
  }
}

PGL_CALLED void keep_gradient(const Place& place, const pgl_training_values& input, uint32_t step) {
  if (input.gradient == nullptr) return;
  const pgl_training_population& target = place.population(input.population);
  const real* adjoint = place.at<real>(target.adjoint) + size_t(input.into) * target.stride;
  const bool first = step + 1 == place.program->steps;
  const uint64_t row = input.constant ? place.position : place.position * place.program->steps + step;
  real* gradient = static_cast<real*>(input.gradient) + row * input.stride;
  each(target.n, [&](uint32_t i) { gradient[int32_t(i)] = adjoint[int32_t(i)] + (input.constant && !first ? gradient[int32_t(i)] : real(0)); });
}

// So many trials may go back together: more than one where they share what is read of weights in every step.
template <class List>
inline constexpr uint32_t kTogether = any_smooth(List{}) ? kMostTogether : 1;

// Several trials, step by step. `checked`, which is for one alone; false: it has a fault, which is noted in its slot.
template <class List, class Loss>
PGL_DEVICE bool go_backward(const Place* places, uint32_t n, bool checked) {
  using One = Trial<List, Loss>;
  const auto each_trial = [&](uint32_t step, auto&& f) {
    for (uint32_t k = 0; k < (kTogether<List> == 1 ? 1 : n); ++k) {
      One trial(places[k]);
      trial.come_to(step);
      f(trial);
    }
  };
  each_trial(0, [&](One& trial) { begin_way_back<List>(trial.place()); });
  barrier();
  bool fine = true;
  const uint32_t steps = places[0].program->steps;
  if (steps != 0) each_trial(steps - 1, [&](One& trial) { Loss::drive(trial, steps - 1); });
  barrier();
  for (uint32_t step = steps; fine && step-- > 0;) {
    each_model<List>([&]<class Population, uint32_t K>() {
      if constexpr (Population::kSpikes && Population::kSmooth) send_back_smooth(places, n, K, step);
      each_trial(step, [&](One& trial) { flow_back<Population, K, One, Loss>(trial, step); });
    });
    barrier();
    each_trial(step, [&](One& trial) {
      const Place& place = trial.place();
      fine = !checked || adjoints_are_finite<List>(place, step);
      if (!fine) return;
      for (uint32_t k = 0; k < place.data->n_values; ++k) keep_gradient(place, place.data->values[k], step);
      if (step != 0) drive_at_beginning<List, Loss>(trial, step);
    });
    barrier();
    if (!fine) break;
    each_trial(step, [&](One& trial) { groups_back<List>(trial.place(), step); });
    barrier();
  }
  each_trial(0, [&](One& trial) {
    const Place& place = trial.place();
    for (uint32_t k = 0; fine && k < place.program->n_populations; ++k) {
      if (place.population(k).sorted != 0 && !is_sorted_ahead(place, k)) sort_spikes(place, k);
    }
  });
  return fine;
}

}  // namespace pgl::training

#endif
