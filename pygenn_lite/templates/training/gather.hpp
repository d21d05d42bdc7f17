// Gradients of weights and delays, gathered after the trials of a chunk: for a row of weights the rows of adjoints at the
// arrivals of its neuron's spikes are added, sample after sample, step after step. So they depend on neither threads nor
// chunks. A row belongs to one block.
#ifndef PGL_TRAINING_GATHER_HPP
#define PGL_TRAINING_GATHER_HPP

#include "training/prices.hpp"

namespace pgl::training {

// Trials whose slots lie one after another, in the order of samples.
struct Chunk {
  const pgl_training_program* program;
  const pgl_training_data* data;
  const pgl_training_run* run;
  uint32_t first_slot, n;
  uint64_t first_position;

  PGL_DEVICE Place place(uint32_t k) const {
    const uint64_t position = first_position + k;
    return {program, data, run, static_cast<unsigned char*>(program->slots) + (first_slot + k) * program->slot_bytes,
            run->order[position], position};
  }
  // Some of these trials.
  PGL_DEVICE Chunk part(uint32_t begin, uint32_t most) const {
    return {program, data, run, first_slot + begin, n - begin < most ? n - begin : most, first_position + begin};
  }
  PGL_DEVICE const unsigned char* slot(uint32_t k) const {
    return static_cast<const unsigned char*>(program->slots) + (first_slot + k) * program->slot_bytes;
  }
};

// f(the slot of each trial, the spikes of a neuron in it: the steps they carry, how many)
template <class F>
PGL_DEVICE void each_spike_list(const Chunk& chunk, const pgl_training_population& source, const pgl_training_group& group, uint32_t neuron, F&& f) {
  for (uint32_t k = 0; k < chunk.n; ++k) {
    const unsigned char* slot = chunk.slot(k);
    if (group.dropout != 0.0 && reinterpret_cast<const uint32_t*>(slot + group.dropped)[neuron] != 0) continue;
    const uint32_t* begin = reinterpret_cast<const uint32_t*>(slot + source.row_begin) + neuron;
    f(slot, reinterpret_cast<const uint32_t*>(slot + source.row_step) + begin[0], begin[1] - begin[0]);
  }
}

// Memory of a slot, whichever sample it has.
PGL_DEVICE Place place_in(const Chunk& chunk, const unsigned char* slot) {
  return {chunk.program, chunk.data, chunk.run, const_cast<unsigned char*>(slot), 0, 0};
}

// Where the rows of a kept adjoint begin in a slot.
PGL_DEVICE uint64_t rows_of_adjoint(const pgl_training_program& program, const pgl_training_population& of, uint64_t rows, uint32_t bits, uint32_t adjoint) {
  uint32_t before = 0;
  for (uint32_t k = 0; k < adjoint; ++k) before += bits >> k & 1u;
  return rows + uint64_t(before) * program.steps * of.kept_stride * sizeof(real);
}

// Dense, one delay: of rows, the columns from `first` to `end`.
PGL_CALLED void gather_dense(const Chunk& chunk, const pgl_training_group& group, uint32_t begin_row, uint32_t end_row, uint32_t step_row,
                             uint32_t first, uint32_t end) {
  const pgl_training_program& program = *chunk.program;
  const pgl_training_population source = program.populations[group.source];
  const pgl_training_population target = program.populations[group.target];
  const uint32_t delay = group.delay, stride = target.kept_stride;
  const uint32_t last = program.steps > delay ? program.steps - delay : 0;  // steps from which spikes never arrive
  const uint64_t rows = rows_of_adjoint(program, target, target.kept_rows, target.kept, group.into) + uint64_t(delay) * stride * sizeof(real);
  const real scale = scale_of(group);
  for (uint32_t neuron = begin_row; neuron < end_row; neuron += step_row) {
    uint32_t spikes = 0;
    each_spike_list(chunk, source, group, neuron, [&](const unsigned char*, const uint32_t*, uint32_t n) { spikes += n; });
    if (spikes == 0) continue;
    real* gradient = static_cast<real*>(group.gradient) + size_t(neuron) * group.stride;
    gather_rows(gradient, first, end, stride, scale, [&](auto&& add) {
      each_spike_list(chunk, source, group, neuron, [&](const unsigned char* slot, const uint32_t* carried, uint32_t n) {
        while (n != 0 && carried[n - 1] >= last) --n;
        if (n != 0) add(reinterpret_cast<const real*>(slot + rows), carried, n);
      });
    });
  }
}

// Whether gradients of a group are gathered from pairs of its targets.
PGL_DEVICE bool reads_pairs(const pgl_training_program& program, const pgl_training_group& group) {
  return group.ring != 0 && group.layout == PGL_TRAINING_DENSE && (program.populations[group.target].sent_kept >> group.into & 1u) != 0;
}

// Synapses with a delay each, and pairs of their targets. A few of a row have their delays in registers as addresses: each
// spike adds a pair for each of them, and what a sample's spikes have added goes to gradients together. What arrives too late
// finds 0 behind the last step.
struct DelayedRows {
  const Pair<real>* pairs;
  const uint32_t* delays;
  const real* weights;
  real* gradient;        // NULL where it is not wanted
  real* delay_gradient;  // likewise
  size_t neuron_steps, ahead;
  real scale;

  PGL_DEVICE void add(size_t synapse, uint32_t column, const uint32_t* carried, uint32_t n) const {
    const Pair<real>* from[kColumns];
    Pair<real> sums[kColumns];
    each_column([&](uint32_t j) {
      from[j] = in_register(pairs + (column + j) * neuron_steps + delays[synapse + j]);
      sums[j] = Pair<real>{real(0), real(0)};
    });
    prefetch(delays + synapse + ahead);
    for (uint32_t e = 0; e < n; ++e) {
      const size_t step = carried[e];
      each_column([&](uint32_t j) { sums[j] += from[j][step]; });
    }
    if (gradient != nullptr) {
      each_column([&](uint32_t j) { gradient[synapse + j] += scale * sums[j][0]; });
      prefetch(gradient + synapse + ahead);
    }
    if (delay_gradient != nullptr) {
      each_column([&](uint32_t j) { delay_gradient[synapse + j] += scale * weights[synapse + j] * sums[j][1]; });
      prefetch(delay_gradient + synapse + ahead), prefetch(weights + synapse + ahead);
    }
  }
};

// Dense, a delay for every synapse: all sources read the pairs of a few targets, which stay in the first caches.
PGL_CALLED void gather_pairs(const Chunk& chunk, const pgl_training_group& group, uint32_t begin_row, uint32_t end_row, uint32_t step_row,
                             uint32_t first, uint32_t end) {
  const pgl_training_program& program = *chunk.program;
  const pgl_training_population source = program.populations[group.source];
  const pgl_training_population target = program.populations[group.target];
  const auto if_wanted = [&](uint32_t what, void* gradient) { return (group.wanted & what) != 0 ? static_cast<real*>(gradient) : nullptr; };
  if (end > target.n) end = target.n;
  if (first >= end) return;
  for (uint32_t k = 0; k < chunk.n; ++k) {
    const Chunk sample = chunk.part(k, 1);
    const DelayedRows rows{reinterpret_cast<const Pair<real>*>(place_in(sample, sample.slot(0)).pairs_of(target, group.into)),
                           static_cast<const uint32_t*>(group.delays),
                           static_cast<const real*>(group.weight),
                           if_wanted(PGL_TRAINING_WEIGHTS, group.gradient),
                           if_wanted(PGL_TRAINING_DELAYS, group.delay_gradient),
                           target.neuron_steps,
                           size_t(kRowsAhead) * group.stride,
                           scale_of(group)};
    each_alone((end - first + kColumns - 1) / kColumns, [&](uint32_t block) {
      const uint32_t column = first + block * kColumns;
      for (uint32_t neuron = begin_row; neuron < end_row; neuron += step_row) {
        each_spike_list(sample, source, group, neuron, [&](const unsigned char*, const uint32_t* carried, uint32_t n) {
          if (n != 0) rows.add(size_t(neuron) * group.stride + column, column, carried, n);
        });
      }
    });
  }
}

// Every synapse by itself: sparse, or with delays of their own.
PGL_CALLED void gather_single(const Chunk& chunk, const pgl_training_group& group, uint32_t neuron, uint32_t first, uint32_t end) {
  const pgl_training_program& program = *chunk.program;
  const pgl_training_population& source = program.populations[group.source];
  const pgl_training_population& target = program.populations[group.target];
  const uint64_t kept = rows_of_adjoint(program, target, target.kept_rows, target.kept, group.into);
  const bool dense = group.layout == PGL_TRAINING_DENSE;
  const uint32_t row = dense ? neuron * group.stride : group.row_begin[neuron];
  const uint32_t n_row = dense ? target.n : group.row_begin[neuron + 1] - row;
  const bool weights = (group.wanted & PGL_TRAINING_WEIGHTS) != 0;
  const bool of_delays = (group.wanted & PGL_TRAINING_DELAYS) != 0;
  const auto* delays = static_cast<const uint32_t*>(group.delays);
  const real scale = scale_of(group);
  if (end > n_row) end = n_row;
  if (first >= end) return;
  each_spike_list(chunk, source, group, neuron, [&](const unsigned char* slot, const uint32_t* carried, uint32_t n) {
    const real* kept_rows = reinterpret_cast<const real*>(slot + kept);
    const real* pairs = of_delays ? place_in(chunk, slot).pairs_of(target, group.into) : nullptr;
    for (uint32_t e = 0; e < n; ++e) {
      each_alone(end - first, [&](uint32_t k) {
        const uint32_t synapse = row + first + k, j = dense ? first + k : group.target_of[synapse];
        const uint32_t arrival = carried[e] + (delays == nullptr ? group.delay : delays[synapse]);
        if (arrival >= program.steps) return;
        const size_t at = size_t(arrival) * target.kept_stride + j;
        if (weights) static_cast<real*>(group.gradient)[synapse] += scale * kept_rows[at];
        if (of_delays) static_cast<real*>(group.delay_gradient)[synapse] += scale * weight_of(group, static_cast<const real*>(group.weight), synapse) * pairs[2 * (size_t(j) * target.neuron_steps + arrival) + 1];
      });
    }
  });
}

// Rows of a group, every step_row-th of them.
PGL_DEVICE void gather_group(const Chunk& chunk, const pgl_training_group& group, uint32_t begin_row, uint32_t end_row, uint32_t step_row,
                             uint32_t first, uint32_t end) {
  if (group.layout == PGL_TRAINING_DENSE && group.ring == 0) {
    gather_dense(chunk, group, begin_row, end_row, step_row, first, end);
    return;
  }
  if (reads_pairs(*chunk.program, group)) {
    gather_pairs(chunk, group, begin_row, end_row, step_row, first, end);
    return;
  }
  for (uint32_t row = begin_row; row < end_row; row += step_row) gather_single(chunk, group, row, first, end);
}

// values[i] += those of the slots, in the order of samples.
PGL_CALLED void sum_slots(const Chunk& chunk, real* values, uint64_t offset, uint32_t first, uint32_t end) {
  if (values == nullptr) return;
  for (uint32_t k = 0; k < chunk.n; ++k) {
    const real* of_slot = reinterpret_cast<const real*>(chunk.slot(k) + offset) + first;
    real* to = values + first;
    each(end - first, [&](uint32_t i) { to[int32_t(i)] += of_slot[int32_t(i)]; });
  }
}

// What trials have summed for themselves: gradients of a population's parameters, of its initial values, its spikes.
template <class Population>
PGL_DEVICE void sum_population(const Chunk& chunk, const pgl_training_population& of, bool gradients) {
  if (gradients) {
    sum_slots(chunk, static_cast<real*>(of.gradient), of.sums, 0, Population::kGradients * of.stride);
    sum_slots(chunk, static_cast<real*>(of.initial_gradient), of.adjoint, 0, Population::kAdjoints * of.stride);
  }
  for (uint32_t k = 0; k < chunk.n; ++k) {
    const uint32_t* counts = reinterpret_cast<const uint32_t*>(chunk.slot(k) + of.counts);
    uint64_t* sums = static_cast<uint64_t*>(of.count_sums);
    each(of.n, [&](uint32_t i) { sums[int32_t(i)] += counts[int32_t(i)]; });
  }
}

// How often neurons spiked in a batch of n samples, for what the next asks.
PGL_CALLED void count_spikes(const pgl_training_population& of, uint32_t n) {
  const uint64_t* sums = static_cast<const uint64_t*>(of.count_sums);
  uint64_t* totals = static_cast<uint64_t*>(of.count_totals);
  real* means = static_cast<real*>(of.mean_counts);
  each(of.n, [&](uint32_t i) { means[i] = real(double(sums[i]) / double(n)); });
  if (totals == nullptr) return;
  each(of.n, [&](uint32_t i) { totals[i] += sums[i]; });
}

// Shared weights.
PGL_CALLED void sum_group(const Chunk& chunk, const pgl_training_group& group) {
  if (group.layout == PGL_TRAINING_SHARED && (group.wanted & PGL_TRAINING_WEIGHTS) != 0) {
    sum_slots(chunk, static_cast<real*>(group.gradient), group.sums, 0, group.n_weights);
  }
}

}  // namespace pgl::training

#endif
