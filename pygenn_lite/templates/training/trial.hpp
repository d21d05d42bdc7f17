// A trial: one sample, forwards and backwards, as losses see it.
#ifndef PGL_TRAINING_TRIAL_HPP
#define PGL_TRAINING_TRIAL_HPP

#include "training/memory.hpp"

namespace pgl::training {

// A population as a loss sees it.
template <class Population>
class Seen {
 public:
  PGL_DEVICE Seen(const Place& place, uint32_t k, uint32_t step) : rows_(place.rows<Population>(k, step)), first_(place.run->update == 0 && place.run->done[1] == 0) {}

  PGL_DEVICE uint32_t n() const { return rows_.n; }
  // f(at) for all neurons; a neuron is always with the same thread.
  template <class F>
  PGL_DEVICE void lanes(F&& f) const {
    each(rows_.n, [&](uint32_t i) { f(At<Population>{rows_, i}); });
  }
  PGL_DEVICE real state(uint32_t k, uint32_t i) const { return At<Population>{rows_, i}.state(k); }
  PGL_DEVICE real& adjoint(uint32_t k, uint32_t i) const { return At<Population>{rows_, i}.adjoint(k); }
  PGL_DEVICE uint32_t count(uint32_t i) const { return rows_.counts[i]; }
  // Spikes of a sample in the batch before, on average; in the first batch the sample's own.
  PGL_DEVICE real mean_count(uint32_t i) const { return first_ ? real(rows_.counts[i]) : rows_.mean_counts[i]; }
  PGL_DEVICE real& back(uint32_t i) const { return rows_.back[i]; }

 private:
  Rows rows_;
  bool first_;
};

template <class List, class Loss>
class Trial {
 public:
  PGL_DEVICE explicit Trial(const Place& place) : place_(place) {}

  PGL_DEVICE uint32_t steps() const { return place_.program->steps; }
  PGL_DEVICE real dt() const { return real(place_.program->dt); }
  PGL_DEVICE uint32_t label() const { return uint32_t(place_.data->labels[place_.sample]); }
  PGL_DEVICE const real* targets() const { return static_cast<const real*>(place_.data->targets) + place_.sample * place_.data->target_size; }
  // What is given from outside for this sample, by its position in the order.
  PGL_DEVICE const real* given() const { return static_cast<const real*>(place_.data->given) + place_.position * place_.data->given_size; }
  PGL_DEVICE real constant(uint32_t k) const { return static_cast<const real*>(place_.program->constants)[k]; }
  PGL_DEVICE real* scratch() const { return place_.at<real>(place_.program->scratch); }

  template <uint32_t K>
  PGL_DEVICE Seen<PopulationOf<K, List>> population() const {
    return {place_, K, step_};
  }
  template <class F>
  PGL_DEVICE void lanes(uint32_t n, F&& f) const {
    each(n, f);
  }
  template <class F>
  PGL_DEVICE real sum(uint32_t n, F&& f) const {
    return training::sum<real>(n, f);
  }
  template <class F>
  PGL_DEVICE real maximum(uint32_t n, F&& f) const {
    return training::maximum<real>(n, f);
  }
  PGL_DEVICE void barrier() const { pgl::barrier(); }

  // Results. All threads give the same number.
  PGL_DEVICE void set_loss(real value) const { write(static_cast<real*>(place_.run->loss), 1, 0, value); }
  PGL_DEVICE void set_metric(uint32_t k, real value) const { write(static_cast<real*>(place_.run->metrics), Loss::kMetrics, k, value); }
  PGL_DEVICE void set_prediction(uint32_t value) const { write(place_.run->prediction, 1, 0, int32_t(value)); }
  PGL_DEVICE real& output(uint32_t c) const {
    return static_cast<real*>(place_.run->outputs)[place_.position * place_.population(Loss::kOutputPopulation).n + c];
  }
  PGL_DEVICE real loss() const { return static_cast<const real*>(place_.run->loss)[place_.position]; }

  PGL_DEVICE const Place& place() const { return place_; }
  PGL_DEVICE void come_to(uint32_t step) { step_ = step; }
  PGL_DEVICE uint32_t step() const { return step_; }

 private:
  template <class T>
  PGL_DEVICE void write(T* results, uint32_t each_sample, uint32_t k, T value) const {
    if (thread() == 0) results[place_.position * each_sample + k] = value;
  }

  const Place& place_;
  uint32_t step_ = 0;
};

}  // namespace pgl::training

#endif
