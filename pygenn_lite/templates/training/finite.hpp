// Numbers that are not finite: whether there are any, and where the first came up.
#ifndef PGL_TRAINING_FINITE_HPP
#define PGL_TRAINING_FINITE_HPP

#include "training/memory.hpp"

namespace pgl::training {

PGL_CALLED void note_fault(const Place& place, uint32_t fault, uint32_t where, uint32_t population, uint32_t neuron, uint32_t step, uint32_t number) {
  pgl_training_status& status = place.status();
  status.fault = fault;
  status.where = where;
  status.population = population;
  status.neuron = neuron;
  status.step = step;
  status.number = number;
}

// Of rows [n_rows][stride], the first number that is not finite (rows, then neurons): how many before it; else n_rows * n.
PGL_CALLED uint32_t first_not_finite(const real* values, uint32_t n_rows, uint32_t n, uint32_t stride) {
  for (uint32_t k = 0; k < n_rows; ++k) {
    const real* row = values + size_t(k) * stride;
    if (training::sum<real>(n, [&](uint32_t i) { return abs(row[i]) <= kLargest<real> ? real(0) : real(1); }) == real(0)) continue;
    for (uint32_t i = 0; i < n; ++i) {
      if (!(abs(row[i]) <= kLargest<real>)) return k * n + i;
    }
  }
  return n_rows * n;
}

PGL_CALLED bool is_finite(const Place& place, uint32_t where, uint32_t population, const real* values, uint32_t n_rows, uint32_t step) {
  const pgl_training_population& of = place.population(population);
  const uint32_t found = first_not_finite(values, n_rows, of.n, of.stride);
  if (found == n_rows * of.n) return true;
  if (thread() == 0) note_fault(place, PGL_TRAINING_NOT_FINITE, where, population, found % of.n, step, found / of.n);
  return false;
}

template <class List>
PGL_DEVICE bool states_are_finite(const Place& place, uint32_t step) {
  bool fine = true;
  each_model<List>([&]<class Population, uint32_t K>() {
    fine = fine && is_finite(place, PGL_TRAINING_STATE, K, place.at<real>(place.population(K).state), Population::kStates, step);
  });
  return fine;
}

template <class List>
PGL_DEVICE bool adjoints_are_finite(const Place& place, uint32_t step) {
  bool fine = true;
  each_model<List>([&]<class Population, uint32_t K>() {
    const pgl_training_population& of = place.population(K);
    fine = fine && is_finite(place, PGL_TRAINING_ADJOINT, K, place.at<real>(of.adjoint), Population::kAdjoints, step);
  });
  return fine;
}

}  // namespace pgl::training

#endif
