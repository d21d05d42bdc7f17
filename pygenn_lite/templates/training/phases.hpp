// The phases of a batch as blocks carry them out: trials, gathering, sums, the optimiser's step.
#ifndef PGL_TRAINING_PHASES_HPP
#define PGL_TRAINING_PHASES_HPP

#include "training/backward.hpp"
#include "training/coefficients.hpp"
#include "training/forward.hpp"
#include "training/gather.hpp"

namespace pgl::training {

// What a trial reports, by its place in the order.
template <class List>
PGL_DEVICE void tell(const Place& place) {
  if (thread() != 0) return;
  const pgl_training_run& run = *place.run;
  run.tangential[place.position] = place.status().tangential;
  uint32_t* spikes = run.spikes + place.position * place.program->n_populations;
  for (uint32_t k = 0; k < place.program->n_populations; ++k) spikes[k] = 0;
  each_model<List>([&]<class Population, uint32_t K>() {
    if constexpr (Population::kSpikes) spikes[K] = place.tape(K).begin[place.program->steps + 1];
  });
}

template <class List, class Loss>
PGL_DEVICE bool results_are_finite(const Trial<List, Loss>& trial) {
  const Place& place = trial.place();
  if (!states_are_finite<List>(place, place.program->steps - 1)) return false;
  if (abs(trial.loss()) <= kLargest<real>) return true;
  if (thread() == 0) note_fault(place, PGL_TRAINING_NOT_FINITE, PGL_TRAINING_LOSS, 0, 0, place.program->steps - 1, 0);
  return false;
}

template <class List>
PGL_DEVICE bool gradients_are_finite(const Place& place) {
  bool fine = adjoints_are_finite<List>(place, 0);
  each_model<List>([&]<class Population, uint32_t K>() {
    const pgl_training_population& of = place.population(K);
    fine = fine && is_finite(place, PGL_TRAINING_ADJOINT, K, place.at<real>(of.sums), Population::kGradients, 0);
  });
  return fine;
}

// Some samples: forwards one after another, backwards together. Bits: those whose numbers are not finite.
template <class List, class Loss>
PGL_CALLED uint32_t try_trials(const Place* places, uint32_t n, bool checked) {
  const uint32_t mode = places[0].run->mode;
  uint32_t found = 0, n_back = 0;
  Place back[kMostTogether];
  uint32_t numbers[kMostTogether];
  for (uint32_t k = 0; k < n; ++k) {
    const Place& place = places[k];
    Trial<List, Loss> trial(place);
    if (thread() == 0) note_fault(place, PGL_TRAINING_FINE, 0, 0, 0, 0, 0), place.status().tangential = 0;
    barrier();
    if ((mode & PGL_TRAINING_FORWARD) != 0) {
      if (!go_forward<List, Loss>(trial, checked)) continue;
      if (!results_are_finite(trial)) {
        found |= 1u << k;
        continue;
      }
    }
    back[n_back] = place;
    numbers[n_back++] = k;
  }
  const bool backward = (mode & PGL_TRAINING_BACKWARD) != 0;
  if (backward && n_back != 0 && !go_backward<List, Loss>(back, n_back, checked)) return 0;
  for (uint32_t k = 0; k < n_back; ++k) {
    if (backward && !gradients_are_finite<List>(back[k])) {
      found |= 1u << numbers[k];
    } else {
      tell<List>(back[k]);
    }
  }
  return found;
}

// Some samples. What is not finite is found afterwards; the trial is then gone through again alone, step by step.
template <class List, class Loss>
PGL_CALLED void run_trials(const Place* places, uint32_t n) {
  const uint32_t again = try_trials<List, Loss>(places, n, false);
  for (uint32_t k = 0; k < n; ++k) {
    if ((again >> k & 1u) != 0) try_trials<List, Loss>(places + k, 1, true);
  }
}

}  // namespace pgl::training

#endif
