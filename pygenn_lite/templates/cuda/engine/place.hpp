// Where a thread finds itself in a step: which operation of which instance it carries out, at which step, and its share of
// the work.
#ifndef PGL_CUDA_PLACE_HPP
#define PGL_CUDA_PLACE_HPP

#include "common/device.hpp"
#include "cuda/records.hpp"

namespace pgl {

// A thread's share of a loop: first, first + stride, ...
struct Range {
  uint32_t first, stride;
};

// One operation of one instance.
struct Place {
  const pgl_instance* instance;
  const pgl_card_op* op;
  uint32_t number;  // of the instance
  int64_t step;
};

PGL_DEVICE bool is_due(const pgl_card_op& op, int64_t step) {
  return op.every == 1 || uint64_t(step) % op.every == op.offset;
}

PGL_DEVICE Range range_of_grid() { return {uint32_t(first()), uint32_t(stride())}; }

// The operation that this block is for. False: nothing is to be done.
PGL_DEVICE bool find_place(const pgl_card* of, uint32_t first_op, uint32_t count, Place& place) {
  const pgl_card& card = *of;
  const auto y = uint32_t(block_y());
  place.number = count == 1 ? y : y / count;
  place.instance = card.instances + place.number;
  place.op = card.ops + first_op + (y - place.number * count);
  place.step = *card.step;
  return *card.paused == 0 && *place.instance->halted == 0 && is_due(*place.op, place.step);
}
PGL_DEVICE bool find_place(const pgl_launch& launch, Place& place) {
  return find_place(launch.card, launch.first, launch.count, place);
}

PGL_DEVICE const pgl_population& population_of(const Place& place) {
  const auto* own = static_cast<const pgl_population*>(place.op->args);
  return own == nullptr ? place.instance->populations[place.op->index] : own[place.number];
}
PGL_DEVICE const pgl_synapses& synapses_of(const Place& place) {
  const auto* own = static_cast<const pgl_synapses*>(place.op->args);
  return own == nullptr ? place.instance->groups[place.op->index] : own[place.number];
}

// The spikes of a population at one time step.
struct Spikes {
  uint32_t* neurons;
  uint32_t* count;
};

PGL_DEVICE uint32_t row_of(int64_t step, uint32_t mask) { return uint32_t(uint64_t(step)) & mask; }
PGL_DEVICE Spikes spikes_at(const pgl_population& population, int64_t step) {
  const uint32_t row = row_of(step, population.slots_mask);
  return {population.spikes + uint64_t(row) * population.room, population.spike_counts + row};
}

// Whether an entry of a matrix is a synapse.
PGL_DEVICE bool is_present(const pgl_synapses& group, uint32_t position, uint32_t source, uint32_t target) {
  if (group.present != nullptr) return group.present[position] != 0;
  return group.skips_itself == 0 || source != target;
}

// How many threads share one of `rows` rows: as a power of two, as many as all threads together allow, but not more than a
// row of `length` gives work to. So that what lies side by side is read side by side.
inline constexpr uint32_t kWarpShift = 5, kMostShift = 10;
PGL_DEVICE uint32_t lanes_shift(uint64_t rows, uint32_t stride, uint64_t length) {
  uint32_t shift = 0;
  PGL_ROLLED while (shift < kMostShift && (uint64_t(1) << shift) < length) {
    if (shift >= kWarpShift && (rows << (shift + 1)) > stride) break;
    if ((2u << shift) > stride) break;
    ++shift;
  }
  return shift;
}

// One thread's part in rows that are shared like this: rows row, row + rows, ..., of each the lane-th of `lanes` parts.
struct Lanes {
  uint32_t row, rows, lane, lanes;
};
PGL_DEVICE Lanes lanes_of(Range range, uint32_t shift) {
  const uint32_t lanes = 1u << shift, rows = range.stride >> shift, row = range.first >> shift;
  return {row < rows ? row : 0xffffffffu, rows, range.first & (lanes - 1), lanes};  // a rest of threads has nothing to do
}

}  // namespace pgl

#endif
