// The kernels of a step that no model changes (plan "general"): one launch for operations that are alike. PGL_REAL_BYTES, 4
// or 8, is defined in front of this text.
#include "cuda/real.hpp"

#include "cuda/engine/advance.hpp"
#include "cuda/engine/deliver.hpp"
#include "cuda/engine/reduce.hpp"
#include "cuda/engine/sample.hpp"
#include "cuda/engine/spikes.hpp"
#include "cuda/engine/sums.hpp"

PGL_LOOP(pgl_deliver, pgl_launch, 128) {
  pgl::Place place;
  if (!pgl::find_place(args, place)) return;
  const pgl_synapses& group = pgl::synapses_of(place);
  pgl::deliver<2>(group, place.step, place.step, pgl::range_of_grid());
}

// For groups whose rows are drawn at every spike.
#ifdef PGL_DRAWN_ROWS
PGL_LOOP(pgl_deliver_drawn, pgl_launch, 128) {
  pgl::Place place;
  if (!pgl::find_place(args, place)) return;
  pgl::deliver_drawn(pgl::synapses_of(place), place.step, place.step, pgl::range_of_grid());
}
#endif

PGL_LOOP(pgl_restore, pgl_restoring, 128) {
  pgl::Place place;
  if (!pgl::find_place(args.card, args.first, args.count, place)) return;
  const pgl_synapses& group = pgl::synapses_of(place);
#ifdef PGL_DRAWN_ROWS
  if (group.drawn != nullptr) return pgl::deliver_drawn(group, args.sent, args.now, pgl::range_of_grid());
#endif
  pgl::deliver<2>(group, args.sent, args.now, pgl::range_of_grid());
}

PGL_LOOP(pgl_largest, pgl_sizes, 128) {
  const auto* values = static_cast<const real*>(args.values);
  double largest = 0.0;
  for (auto k = uint64_t(pgl::first()); k < args.n; k += uint64_t(pgl::stride())) {
    const double value = pgl::load_once(values + k), size = value < 0.0 ? -value : value;
    largest = largest > size ? largest : size;
  }
  // Of numbers that are not negative the bits are in their order.
  const auto bits = pgl::bit_cast<uint64_t>(largest);
  if (bits > pgl::load_fresh(args.largest)) pgl::atomic_max(args.largest, bits);
}

PGL_LOOP(pgl_collect, pgl_launch, 128) {
  pgl::Place place;
  if (!pgl::find_place(args, place)) return;
  pgl::collect<1>(pgl::population_of(place), place.step, place.instance->fault, pgl::range_of_grid());
}

PGL_LOOP(pgl_fold, pgl_launch, 128) {
  pgl::Place place;
  if (!pgl::find_place(args, place)) return;
  pgl::fold(pgl::population_of(place), place.instance->fault, pgl::range_of_grid());
}

PGL_LOOP(pgl_train, pgl_launch, 128) {
  pgl::Place place;
  if (pgl::find_place(args, place)) pgl::bring_train(pgl::population_of(place), place.step + 1, pgl::range_of_grid());
}

PGL_LOOP(pgl_send, pgl_launch, 128) {
  pgl::Place place;
  if (!pgl::find_place(args, place)) return;
  pgl::send(*place.instance, place.op->index, pgl::population_of(place), place.step + 1, pgl::range_of_grid());
}

PGL_KERNEL(pgl_sort, pgl_launch, 128) {
  pgl::Place place;
  if (!pgl::find_place(args, place) || pgl::block() != 0) return;
  pgl::sort_spikes(pgl::population_of(place), place.step + 1, uint32_t(pgl::thread()), uint32_t(pgl::threads()));
}

PGL_LOOP(pgl_sample, pgl_launch, 128) {
  pgl::Place place;
  if (pgl::find_place(args, place)) pgl::sample(*place.instance, place.step, pgl::range_of_grid());
}

PGL_LOOP(pgl_reduce, pgl_launch, 128) {
  pgl::Place place;
  if (!pgl::find_place(args, place)) return;
  pgl::reduce(static_cast<const pgl_card_reduction*>(place.op->args)[place.number], pgl::range_of_grid());
}

PGL_KERNEL(pgl_finish, pgl_launch, 128) {
  PGL_SHARED(double, values, 128);
  PGL_SHARED(uint32_t, places, 128);
  pgl::Place place;
  if (!pgl::find_place(args, place) || pgl::block() != 0) return;
  const pgl_population& population = place.instance->populations[place.op->index];
  pgl::finish(static_cast<const pgl_card_reduction*>(place.op->args)[place.number], population, place.step + place.op->ahead,
              uint32_t(pgl::thread()), uint32_t(pgl::threads()), values, places);
}

PGL_KERNEL(pgl_advance, pgl_launch, 128) {
  PGL_SHARED(int32_t, flags, 2);
  pgl::advance(*args.card, uint32_t(pgl::thread()), uint32_t(pgl::threads()), flags);
}
