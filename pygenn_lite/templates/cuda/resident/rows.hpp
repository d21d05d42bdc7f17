// Rows as a block has them: of each neuron of the network, the synapses onto its own neurons. Heads are read as soon as a
// spike is known; what they add is needed first. Tails are looked up in the same step and read in the next, so that nobody
// waits for them.
#ifndef PGL_RESIDENT_ROWS_HPP
#define PGL_RESIDENT_ROWS_HPP

#include "cuda/resident/records.hpp"
#include "cuda/resident/synapse.hpp"

namespace pgl::resident {

struct Tail {
  uint64_t begin;
  uint32_t count;
};

template <class Synapse, class Ring>
struct Rows {
  using Word = typename Synapse::Word;

  Ring ring;
  const Word* heads;        // of this block
  const uint64_t* tails_at;
  const Word* tails;
  uint32_t slots_mask, columns, shift;

  PGL_DEVICE Rows(const pgl_resident& args, Ring ring)
      : ring(ring), heads(static_cast<const Word*>(args.heads) + uint64_t(block()) * args.numbers * kHead),
        tails_at(args.tails_at + uint64_t(block()) * args.numbers), tails(static_cast<const Word*>(args.tails)),
        slots_mask(args.slots_mask), columns(args.columns), shift(args.weight_shift) {}

  // What the synapse of a spike that was sent at a step adds.
  PGL_DEVICE void add(Word word, uint32_t sent) const {
    const int32_t weight = Synapse::weight(word, shift);
    if (weight == 0) return;
    const uint32_t slot = (sent + Synapse::delay(word)) & slots_mask;
    atomic_add(&ring[slot * columns + Synapse::column(word)], weight);
  }
  PGL_DEVICE const Word* head(uint32_t number) const { return heads + uint64_t(number) * kHead; }
  // A lane's synapse of a head.
  PGL_DEVICE Word load_head(uint32_t number) const { return load_once(head(number) + lane()); }
  PGL_DEVICE void prefetch_head(uint32_t number) const {
    prefetch(head(number));
    if constexpr (sizeof(Word) == 8) prefetch(head(number) + kHead / 2);
  }
  PGL_DEVICE Tail find_tail(uint32_t number) const {
    const uint64_t at = load_constant(tails_at + number);
    return {(at >> 24) * kTailUnit, uint32_t(at) & 0xffffffu};
  }
  PGL_DEVICE Word load_tail(const Tail& tail, uint32_t k) const {
    return k < tail.count ? load_once(tails + tail.begin + k) : Word(0);
  }
  // The tail from its k-th synapse on.
  PGL_DEVICE void add_tail(const Tail& tail, uint32_t k, uint32_t sent) const {
    for (k += uint32_t(lane()); k < tail.count; k += 32) add(load_once(tails + tail.begin + k), sent);
  }
  // Adds a head, whose lanes have been loaded; whether a tail follows that is not needed at once (such a one is added, too).
  PGL_DEVICE bool add_head(Word word, uint32_t number, uint32_t sent) const {
    const bool last = Synapse::column(word) == Synapse::kTail;
    if (!last) add(word, sent);
    const uint32_t more = ballot(last);
    if (more == 0) return false;
    if (ballot(last && Synapse::weight(word, 0) != 0) == 0) return true;
    add_tail(find_tail(number), 0, sent);
    return false;
  }
  // The same with all that follows.
  PGL_DEVICE void add_row(uint32_t number, uint32_t sent) const {
    if (add_head(load_head(number), number, sent)) add_tail(find_tail(number), 0, sent);
  }
};

// The tails of some rows, on their way: of the k-th spike that a warp has of a step.
template <class Rows, uint32_t kDepth>
struct Tails {
  using Word = typename Rows::Word;
  static constexpr uint32_t kLoads = 2;

  Tail tail[kDepth];
  Word loaded[kDepth][kLoads];
  uint32_t sent;

  PGL_DEVICE Tails() : sent(0) {
    for (uint32_t k = 0; k < kDepth; ++k) {
      tail[k] = {0, 0};
      for (uint32_t j = 0; j < kLoads; ++j) loaded[k][j] = 0;
    }
  }
  // Begins to read them.
  PGL_DEVICE void load(const Rows& rows) {
    for (uint32_t k = 0; k < kDepth; ++k) {
      for (uint32_t j = 0; j < kLoads; ++j) loaded[k][j] = rows.load_tail(tail[k], uint32_t(lane()) + 32 * j);
    }
  }
  // Adds them.
  PGL_DEVICE void add(const Rows& rows) {
    for (uint32_t k = 0; k < kDepth; ++k) {
      for (uint32_t j = 0; j < kLoads; ++j) rows.add(loaded[k][j], sent);
      if (tail[k].count > 32 * kLoads) rows.add_tail(tail[k], 32 * kLoads, sent);
      tail[k].count = 0;
    }
  }
};

// The heads of some rows, on their way.
template <class Rows, uint32_t kDepth>
struct Heads {
  using Word = typename Rows::Word;
  static constexpr uint32_t kNone = ~0u;

  Word loaded[kDepth];
  uint32_t number[kDepth];

  PGL_DEVICE Heads() {
    for (uint32_t d = 0; d < kDepth; ++d) {
      loaded[d] = 0;
      number[d] = kNone;
    }
  }
  PGL_DEVICE void load(const Rows& rows, uint32_t d, uint32_t of) {
    number[d] = of;
    loaded[d] = rows.load_head(of);
  }
  // Adds them, and looks their tails up.
  PGL_DEVICE void add(const Rows& rows, Tails<Rows, kDepth>& tails, uint32_t sent) const {
    tails.sent = sent;
    for (uint32_t d = 0; d < kDepth; ++d) {
      if (number[d] == kNone) break;
      if (rows.add_head(loaded[d], number[d], sent)) tails.tail[d] = rows.find_tail(number[d]);
    }
  }
};

}  // namespace pgl::resident

#endif
