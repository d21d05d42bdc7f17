// One block carries out all operations of one instance, step after step (plan "instances"): as each would be in a launch of its
// own, with barriers between those that depend on each other. Included behind a network's kernels, whose pgl::dispatch it
// calls.
#ifndef PGL_CUDA_WALK_HPP
#define PGL_CUDA_WALK_HPP

#include "cuda/engine/advance.hpp"
#include "cuda/engine/deliver.hpp"
#include "cuda/engine/reduce.hpp"
#include "cuda/engine/sample.hpp"
#include "cuda/engine/spikes.hpp"
#include "cuda/engine/sums.hpp"
#include "cuda/engine/visits.hpp"

namespace pgl {

// Kinds of operations that the network has, by bit; the others are left out.
PGL_INLINE constexpr bool has_kind(int32_t kind) { return (uint64_t(PGL_WALK_KINDS) >> kind & 1) != 0; }
inline constexpr uint32_t kTeam = has_kind(PGL_CARD_FINISH) ? PGL_WALK_THREADS : 1;

struct Visitor {
  const Place& place;
  Range range;

  template <class Kernel>
  PGL_DEVICE void visit() {
    // What prepares a run, in double, takes more registers than steps, which never call it.
    if constexpr (Kernel::kVisit != Visit::kOnce || has_kind(PGL_CARD_ONCE)) visit_at<Kernel>(place, range);
  }
};

// What is rare, or short, is called: in one piece all would take long to compile, and registers of what needs most would be
// missing everywhere.
PGL_DEVICE void walk_deliver(const Place& place, Range range) {
  const pgl_synapses& group = synapses_of(place);
#ifdef PGL_DRAWN_ROWS
  if (group.drawn != nullptr) return deliver_drawn(group, place.step, place.step, range);
#endif
  deliver<2>(group, place.step, place.step, range);
}
PGL_DEVICE void walk_collect(const Place& place, Range range) {
  const pgl_population& population = population_of(place);
  collect<4>(population, place.step, place.instance->fault, range);
  fetch_sums(population, place.step + 1, range);  // which few threads would wait for
}
PGL_CALLED void walk_fold(const Place& place, Range range) { fold(population_of(place), place.instance->fault, range); }
PGL_DEVICE void walk_send(const Place& place, Range range) {
  send(*place.instance, place.op->index, population_of(place), place.step + 1, range);
}
PGL_CALLED void walk_sample(const Place& place, Range range) { sample(*place.instance, place.step, range); }
PGL_CALLED void walk_sort(const Place& place, Range range) {
  sort_spikes(population_of(place), place.step + 1, range.first, range.stride);
}
PGL_CALLED void walk_train(const Place& place, Range range) { bring_train(population_of(place), place.step + 1, range); }
PGL_CALLED void walk_reduce(const Place& place, Range range) {
  reduce(static_cast<const pgl_card_reduction*>(place.op->args)[place.number], range);
}
template <class Values, class Places>
PGL_CALLED void walk_finish(const Place& place, Range range, Values& values, Places& places) {
  const pgl_card_op& op = *place.op;
  finish(static_cast<const pgl_card_reduction*>(op.args)[place.number], place.instance->populations[op.index],
         place.step + op.ahead, range.first, range.stride, values, places);
}

template <class Values, class Places>
PGL_DEVICE void carry_out(const Place& place, Range range, Values& values, Places& places) {
  const int32_t kind = place.op->kind;
#define PGL_WALK_CASE(kind_of, call) \
  if constexpr (has_kind(kind_of)) { \
    if (kind == kind_of) return call; \
  }
  PGL_WALK_CASE(PGL_CARD_DELIVER, walk_deliver(place, range))
  PGL_WALK_CASE(PGL_CARD_COLLECT, walk_collect(place, range))
  PGL_WALK_CASE(PGL_CARD_FOLD, walk_fold(place, range))
  PGL_WALK_CASE(PGL_CARD_SEND, walk_send(place, range))
  PGL_WALK_CASE(PGL_CARD_SAMPLE, walk_sample(place, range))
  PGL_WALK_CASE(PGL_CARD_SORT, walk_sort(place, range))
  PGL_WALK_CASE(PGL_CARD_TRAIN, walk_train(place, range))
  PGL_WALK_CASE(PGL_CARD_REDUCE, walk_reduce(place, range))
  PGL_WALK_CASE(PGL_CARD_FINISH, walk_finish(place, range, values, places))
#undef PGL_WALK_CASE
  if (kind != PGL_CARD_ADVANCE) dispatch(place.op->function, Visitor{place, range});
}

// Steps begin ... end - 1 of one instance, or up to its first fault.
template <class Values, class Places>
PGL_DEVICE void walk_instance(const pgl_walk& walk, Place place, int64_t begin, int64_t end, Values& values, Places& places) {
  const pgl_card& card = *walk.card;
  const pgl_instance& instance = *place.instance;
  if (*instance.halted != 0) return;
  const uint32_t all = uint32_t(threads());
  PGL_ROLLED for (place.step = begin; place.step < end; ++place.step) {
    at_step(place.step);
    PGL_ROLLED for (uint32_t k = 0; k < card.n_ops; ++k) {
      const uint32_t order = walk.orders[k];
      if ((order & 1) != 0) barrier();
      place.op = card.ops + k;
      if (!is_due(*place.op, place.step)) continue;
      const uint32_t size = all >> (order >> 1 & 7), begins = (order >> 4) * size;
      const uint32_t number = uint32_t(thread()) - begins;
      if (number < size) carry_out(place, {number, size}, values, places);
    }
    barrier();
    if (*instance.fault == kNoFault) continue;  // as all threads find: a barrier comes before the next kernel that tells one
    if (thread() == 0) settle_fault(instance, place.step);
    return;
  }
}

// For how many steps all records have room, by one block.
template <class Least>
PGL_DEVICE void grant(const pgl_walk& walk, Least& least) {
  const pgl_card& card = *walk.card;
  if (thread() == 0) least[0] = walk.asked;
  barrier();
  PGL_ROLLED for (auto k = uint32_t(thread()); k < card.n_instances; k += uint32_t(threads())) {
    if (*card.instances[k].halted == 0) atomic_min(&least[0], steps_with_room(card.instances[k], walk.asked));
  }
  barrier();
  if (thread() != 0) return;
  const int64_t granted = least[0];
  *walk.granted = *card.paused == 0 ? granted : 0;
  if (granted == 0 && walk.asked != 0) *card.paused = 1;
}

// Time is what it is in the instances that continue; where none does, behind the last fault. By one block; `latest`: [2].
template <class Latest>
PGL_DEVICE void end_walk(const pgl_walk& walk, Latest& latest) {
  const pgl_card& card = *walk.card;
  const int64_t begin = *card.step;
  if (thread() == 0) latest[0] = begin;
  if (thread() == 0) latest[1] = 0;
  barrier();
  PGL_ROLLED for (auto k = uint32_t(thread()); k < card.n_instances; k += uint32_t(threads())) {
    const pgl_instance& instance = card.instances[k];
    if (*instance.halted == 0) {
      atomic_max(&latest[1], int64_t{1});
    } else {
      atomic_max(&latest[0], *instance.fault_step + 1);
    }
  }
  barrier();
  if (thread() != 0) return;
  const int64_t going = latest[1], last = latest[0];
  *card.step = going != 0 ? begin + *walk.granted : last;
}

}  // namespace pgl

#endif
