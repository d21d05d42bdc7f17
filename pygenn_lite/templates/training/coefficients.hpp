// What follows from parameters, once for every batch: coefficients of the steps from trained parameters in double
// precision, delays in steps; and the way back, from gradients of coefficients to those of parameters.
#ifndef PGL_TRAINING_COEFFICIENTS_HPP
#define PGL_TRAINING_COEFFICIENTS_HPP

#include "training/views.hpp"

namespace pgl::training {

// The values of a population, shared ones and those of a neuron, and their gradients.
struct Values {
  const pgl_training_population& of;
  double step;
  uint32_t i = 0;

  PGL_DEVICE double& shared(uint32_t k) const { return of.shared_double[k]; }
  PGL_DEVICE double& own(uint32_t k) const { return of.own_double[size_t(k) * of.stride + i]; }
  PGL_DEVICE double& shared_gradient(uint32_t k) const { return of.shared_gradient[k]; }
  PGL_DEVICE double& own_gradient(uint32_t k) const { return of.own_gradient[size_t(k) * of.stride + i]; }
  PGL_DEVICE double dt() const { return step; }
};

// From trained values to the coefficients that trials read. By one block.
template <class Population>
PGL_DEVICE void prepare(const pgl_training_program& program, uint32_t number) {
  const pgl_training_population& of = program.populations[number];
  for (uint32_t k = 0; k < program.n_links; ++k) {
    const pgl_training_link& link = program.links[k];
    if (link.population != number) continue;
    const real* value = static_cast<const real*>(link.value);
    if (link.own) {
      each(of.n, [&](uint32_t i) { of.own_double[size_t(link.place) * of.stride + i] = double(value[i]); });
    } else if (thread() == 0) {
      of.shared_double[link.place] = double(value[0]);
    }
  }
  barrier();
  if (thread() == 0) Population::prepare_shared(Values{of, program.dt});
  barrier();
  each_alone(of.n, [&](uint32_t i) { Population::prepare_own(Values{of, program.dt, i}); });
  barrier();
  real* shared = static_cast<real*>(of.shared);
  real* own = static_cast<real*>(of.own);
  each(Population::kShared, [&](uint32_t k) { shared[k] = real(of.shared_double[k]); });
  for (uint32_t k = 0; k < Population::kOwn; ++k) {
    each(of.n, [&](uint32_t i) { own[size_t(k) * of.stride + i] = real(of.own_double[size_t(k) * of.stride + i]); });
  }
}

// From the sums of a batch to the gradients of trained values. By one block.
template <class Population>
PGL_DEVICE void chain(const pgl_training_program& program, uint32_t number) {
  const pgl_training_population& of = program.populations[number];
  each(Population::kShared, [&](uint32_t k) { of.shared_gradient[k] = 0.0; });
  each(Population::kOwn * of.stride, [&](uint32_t k) { of.own_gradient[k] = 0.0; });
  barrier();
  const real* sums = static_cast<const real*>(of.gradient);
  for (uint32_t k = 0; k < Population::kGradients; ++k) {
    const real* row = sums + size_t(k) * of.stride;
    const uint32_t place = Population::kGradientPlace[k];
    if (Population::kGradientShared[k]) {
      const double all = training::sum<double>(of.n, [&](uint32_t i) { return double(row[i]); });
      if (thread() == 0) of.shared_gradient[place] += all;
    } else {
      each(of.n, [&](uint32_t i) { of.own_gradient[size_t(place) * of.stride + i] += double(row[i]); });
    }
    barrier();
  }
  if (thread() == 0) {  // what neurons add to shared values: in their order
    for (uint32_t i = 0; i < of.n; ++i) Population::chain_own(Values{of, program.dt, i});
    Population::chain_shared(Values{of, program.dt});
  }
  barrier();
  for (uint32_t k = 0; k < program.n_links; ++k) {
    const pgl_training_link& link = program.links[k];
    if (link.population != number) continue;
    real* gradient = static_cast<real*>(link.gradient);
    if (link.own) {
      each(of.n, [&](uint32_t i) { gradient[i] = real(of.own_gradient[size_t(link.place) * of.stride + i]); });
    } else if (thread() == 0) {
      gradient[0] = real(of.shared_gradient[link.place]);
    }
  }
}

// Delays in steps, from those in ms.
PGL_CALLED void place_delays(const pgl_training_program& program, const pgl_training_delays& delays) {
  const real* value = static_cast<const real*>(delays.value);
  each(uint32_t(delays.n), [&](uint32_t k) {
    const double steps = floor(double(value[k]) / program.dt + 0.5);
    const double least = steps < 1.0 ? 1.0 : steps, whole = least - double(delays.lead);
    delays.steps[k] = whole > double(delays.longest) ? delays.longest : uint32_t(whole);
  });
}

// Everything that trials read, from what is trained.
template <class List>
PGL_DEVICE void prepare_all(const pgl_training_program& program) {
  each_model<List>([&]<class Population, uint32_t K>() { prepare<Population>(program, K); });
  for (uint32_t k = 0; k < program.n_delays; ++k) place_delays(program, program.delays[k]);
}

}  // namespace pgl::training

#endif
