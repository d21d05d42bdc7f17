// Where things are: a slot's memory by the records.
#ifndef PGL_TRAINING_MEMORY_HPP
#define PGL_TRAINING_MEMORY_HPP

#include "training/views.hpp"

namespace pgl::training {

// There are flags for whole blocks of 32 neurons.
PGL_DEVICE uint32_t flags_of(const pgl_training_population& of) { return (of.n + 31) / 32 * 32; }

// Everything that a trial knows: the program, the data, and which sample is in which slot.
struct Place {
  const pgl_training_program* program;
  const pgl_training_data* data;
  const pgl_training_run* run;
  unsigned char* slot;
  uint64_t sample, position;  // of the data; in the order

  PGL_DEVICE const pgl_training_population& population(uint32_t k) const { return program->populations[k]; }
  PGL_DEVICE const pgl_training_group& group(uint32_t g) const { return program->groups[g]; }
  template <class T>
  PGL_DEVICE T* at(uint64_t offset) const {
    return reinterpret_cast<T*>(slot + offset);
  }
  PGL_DEVICE pgl_training_status& status() const { return *at<pgl_training_status>(program->status); }

  PGL_DEVICE Tape tape(uint32_t k) const {
    const pgl_training_population& of = population(k);
    if (of.input == PGL_TRAINING_NONE) return {at<uint32_t>(of.begin), at<uint32_t>(of.index)};
    const pgl_training_spikes& spikes = data->spikes[of.input];
    return {spikes.begin + sample * (program->steps + uint64_t(1)), spikes.index + spikes.first[sample]};
  }

  template <class Population>
  PGL_DEVICE Rows rows(uint32_t k, uint32_t step) const {
    const pgl_training_population& of = population(k);
    Rows rows;
    rows.n = of.n;
    rows.stride = of.stride;
    rows.room = of.room;
    rows.state = at<real>(of.state);
    rows.shared_values = static_cast<const real*>(of.shared);
    rows.own_values = static_cast<const real*>(of.own);
    rows.before = at<real>(of.before);
    rows.kept = at<real>(of.history) + uint64_t(step) * Population::kKept * of.stride;
    rows.adjoint = at<real>(of.adjoint);
    rows.sums = at<real>(of.sums);
    rows.back = at<real>(of.back);
    rows.recorded = at<real>(of.recorded);
    rows.counts = at<uint32_t>(of.counts);
    rows.flags = at<uint32_t>(of.flags);
    rows.mean_counts = static_cast<const real*>(of.mean_counts);
    rows.tangential = &status().tangential;
    rows.t = real(double(step) * program->dt);
    rows.dt = real(program->dt);
    return rows;
  }

  // The row of a kept adjoint in a step.
  PGL_DEVICE real* kept_row(const pgl_training_population& of, uint32_t adjoint, uint32_t step) const {
    return row_of(of.kept_rows, of.kept, of.kept_stride, adjoint, step);
  }
  // Of an adjoint, pairs of what it was and what was sent back: pairs_of(...)[2 * (neuron * neuron_steps + step)] and the next.
  PGL_DEVICE real* pairs_of(const pgl_training_population& of, uint32_t adjoint) const {
    uint32_t before = 0;
    for (uint32_t k = 0; k < adjoint; ++k) before += of.sent_kept >> k & 1u;
    return at<real>(of.sent_rows) + uint64_t(before) * of.stride * of.neuron_steps * 2;
  }

 private:
  PGL_DEVICE real* row_of(uint64_t rows, uint32_t bits, uint32_t stride, uint32_t adjoint, uint32_t step) const {
    uint32_t before = 0;
    for (uint32_t k = 0; k < adjoint; ++k) before += bits >> k & 1u;
    return at<real>(rows) + (uint64_t(before) * program->steps + step) * stride;
  }
};

}  // namespace pgl::training

#endif
