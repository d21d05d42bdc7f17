// Rows of a network's groups are cut into slices, one for each block, with head and tail. By one block of threads for each
// source neuron: all of its synapses are counted by the block that they lead to, then put where they belong. In which order
// they stand there does not matter, but that those come first which are needed first.
#ifndef PGL_RESIDENT_SLICING_HPP
#define PGL_RESIDENT_SLICING_HPP

#include "cuda/engine/arrivals.hpp"
#include "cuda/engine/weights.hpp"
#include "cuda/resident/records.hpp"
#include "cuda/resident/synapse.hpp"

namespace pgl::resident {
inline constexpr uint32_t kMostBlocks = 256;
}

struct pgl_resident_group {
  const pgl_synapses* group;
  uint32_t target_start;  // the number of the first target neuron
  uint32_t receptor;
};

// What is found out about all synapses before they are cut.
struct pgl_slicing_found {
  uint64_t tail_units;  // that all tails take
  uint64_t next_unit;   // of tails, while they are laid down
  uint32_t bits;        // that are set in some weight's size
  uint32_t largest;     // size of a weight
};

// The rows of one population.
struct pgl_slicing {
  const pgl_resident_group* groups;
  pgl_slicing_found* found;
  uint64_t* most;        // [receptors][numbers] sums of all positive weights, and
  uint64_t* least;       // of the sizes of all negative ones, onto each neuron
  void* heads;
  uint64_t* tails_at;
  void* tails;
  uint32_t n_groups;
  uint32_t start, size;  // of the source population
  uint32_t blocks, places, numbers;  // as of pgl_resident
  uint32_t lag;          // a delay of so many steps is needed first
  uint32_t weight_shift;
};

namespace pgl::resident {

// What stands in a row of a group and is not 0: use(target, steps until it is added, weight).
template <class Use>
PGL_DEVICE void each_in_group(const pgl_synapses& group, uint32_t source, Use&& use) {
  const Units units = units_of(*group.inboxes[0]);
  const auto lane = uint32_t(thread()), lanes = uint32_t(threads());
  const uint32_t begin = group.columns != 0 ? source * group.columns : group.row_begin[source];
  const uint32_t end = group.columns != 0 ? begin + group.n_target : group.row_begin[source + 1];
  with_weights(group, [&](const auto& weights) {
    for (uint32_t position = begin + lane; position < end; position += lanes) {
      const uint32_t target = group.columns != 0 ? position - begin : group.targets[position];
      if (group.columns != 0 && !is_present(group, position, source, target)) continue;
      const int64_t whole = units.whole(weights.value(weights.load(position)));
      const uint32_t delay = group.delays != nullptr ? group.delays[position] : group.common_delay;
      if (whole != 0) use(target, delay - uint32_t(group.lead), int32_t(whole));
    }
  });
}

// One synapse of a source neuron: the block that it leads to, what it adds to there, and when.
struct Cut {
  uint32_t block, place, receptor, delay;
  int32_t weight;
};
template <class Use>
PGL_DEVICE void each_cut(const pgl_slicing& args, uint32_t source, Use&& use) {
  for (uint32_t k = 0; k < args.n_groups; ++k) {
    const pgl_resident_group& of = args.groups[k];
    each_in_group(*of.group, source, [&](uint32_t target, uint32_t delay, int32_t weight) {
      const uint32_t number = of.target_start + target;
      use(Cut{number % args.blocks, number / args.blocks, of.receptor, delay, weight});
    });
  }
}

PGL_DEVICE uint32_t in_tail(uint32_t synapses) { return synapses > kHead ? synapses - (kHead - 1) : 0; }
PGL_DEVICE uint32_t units_of_tail(uint32_t synapses) { return (in_tail(synapses) + kTailUnit - 1) / kTailUnit; }

// By a block: how long tails are, how large weights and their sums may be.
template <class Counts>
PGL_DEVICE void measure(const pgl_slicing& args, Counts total) {
  uint32_t bits = 0, largest = 0;
  uint64_t units = 0;
  for (auto source = uint32_t(block()); source < args.size; source += uint32_t(blocks())) {
    for (auto b = uint32_t(thread()); b < args.blocks; b += uint32_t(threads())) total[b] = 0;
    barrier();
    each_cut(args, source, [&](const Cut& cut) {
      const uint32_t size = cut.weight < 0 ? 0u - uint32_t(cut.weight) : uint32_t(cut.weight);
      bits |= size;
      largest = size > largest ? size : largest;
      atomic_add(&total[cut.block], 1u);
      const uint64_t number = uint64_t(cut.receptor) * args.numbers + cut.place * args.blocks + cut.block;
      atomic_add((cut.weight < 0 ? args.least : args.most) + number, uint64_t(size));
    });
    barrier();
    for (auto b = uint32_t(thread()); b < args.blocks; b += uint32_t(threads())) units += units_of_tail(total[b]);
    barrier();
  }
  if (bits != 0) atomic_or(&args.found->bits, bits);
  if (largest != 0) atomic_max(&args.found->largest, largest);
  if (units != 0) atomic_add(&args.found->tail_units, units);
}

template <class Synapse, class Counts, class Places>
struct Slices {
  using Word = typename Synapse::Word;

  const pgl_slicing& args;
  Counts total;  // synapses of a slice
  Counts early;  // those that are needed first: how many, then how many have been put down
  Counts late;   // where the next one of the others goes
  Places tail;   // where the tail begins

  PGL_DEVICE void count(uint32_t source) const {
    for (auto b = uint32_t(thread()); b < args.blocks; b += uint32_t(threads())) {
      total[b] = 0;
      early[b] = 0;
    }
    barrier();
    each_cut(args, source, [&](const Cut& cut) {
      atomic_add(&total[cut.block], 1u);
      if (cut.delay == args.lag) atomic_add(&early[cut.block], 1u);
    });
    barrier();
  }
  // Finds room for tails, says in heads that there are some, and begins to put down.
  PGL_DEVICE void find_room(uint32_t number) const {
    Word* const heads = static_cast<Word*>(args.heads);
    for (auto b = uint32_t(thread()); b < args.blocks; b += uint32_t(threads())) {
      const uint32_t synapses = total[b], first = early[b];
      late[b] = first;
      early[b] = 0;
      tail[b] = 0;
      if (synapses <= kHead) continue;
      const uint64_t at = atomic_add(&args.found->next_unit, uint64_t(units_of_tail(synapses)));
      tail[b] = at * kTailUnit;
      args.tails_at[uint64_t(b) * args.numbers + number] = at << 24 | in_tail(synapses);
      const bool at_once = first > kHead - 1;
      heads[(uint64_t(b) * args.numbers + number) * kHead + kHead - 1] = Synapse::word(int32_t(at_once ? 1 : 0), 0, Synapse::kTail, 0);
    }
    barrier();
  }
  PGL_DEVICE void put(uint32_t source, uint32_t number) const {
    Word* const heads = static_cast<Word*>(args.heads);
    Word* const tails = static_cast<Word*>(args.tails);
    each_cut(args, source, [&](const Cut& cut) {
      const uint32_t b = cut.block;
      const uint32_t k = cut.delay == args.lag ? atomic_add(&early[b], 1u) : atomic_add(&late[b], 1u);
      const uint32_t synapses = total[b], room = synapses > kHead ? kHead - 1 : kHead;
      const Word word = Synapse::word(cut.weight, cut.delay, cut.receptor * args.places + cut.place, args.weight_shift);
      if (k < room) {
        heads[(uint64_t(b) * args.numbers + number) * kHead + k] = word;
      } else {
        const uint64_t begin = tail[b];
        tails[begin + k - room] = word;
      }
    });
    barrier();
  }
  PGL_DEVICE void cut() const {
    for (auto source = uint32_t(block()); source < args.size; source += uint32_t(blocks())) {
      count(source);
      find_room(args.start + source);
      put(source, args.start + source);
    }
  }
};

template <class Synapse, class Counts, class Places>
PGL_DEVICE void slice(const pgl_slicing& args, Counts total, Counts early, Counts late, Places tail) {
  Slices<Synapse, Counts, Places>{args, total, early, late, tail}.cut();
}

}  // namespace pgl::resident

#endif
