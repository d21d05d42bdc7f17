// A row laid down by the 32 threads of a warp, for cards: 128 synapses at a time, of which each thread draws the words of four
// (a call of the generator each) and places four, in the order of drawing.
#ifndef PGL_CUDA_ROWS_BY_WARP_HPP
#define PGL_CUDA_ROWS_BY_WARP_HPP

#include "cuda/builder/rows.hpp"

namespace pgl {

inline constexpr uint32_t kPlaces = 256;  // different delays of which a warp keeps count
inline constexpr uint32_t kRoundSize = 128;

// The words of 128 synapses, of which this thread has drawn four; in_order() gives each thread its own, 32 at a time.
struct RoundWords {
  uint32_t own[4];

  PGL_DEVICE RoundWords(const pgl_drawn& drawn, bool wanted, uint32_t purpose, uint32_t row, uint32_t round) : own{} {
    if (!wanted) return;
    const auto call = (round * 2 + uint32_t(lane()) / 16) * 16 + uint32_t(lane()) % 16;
    const Words4 words = philox(drawn.seed, drawn.stream, purpose, row, call);
    for (int k = 0; k < 4; ++k) own[k] = words.word[k];
  }
  // The word of synapse 32 part + lane() of the round.
  PGL_DEVICE uint32_t in_order(uint32_t part) const {
    const int from = int(part / 2 * 16) + lane() % 16;
    const uint32_t low = shuffle(part % 2 == 0 ? own[0] : own[2], from), high = shuffle(part % 2 == 0 ? own[1] : own[3], from);
    return lane() < 16 ? low : high;
  }
};

// Where the 32 gaps of a warp end, `position` being where the last one has ended.
PGL_DEVICE int64_t gap_ends(const pgl_drawn& drawn, uint32_t word, int64_t& position) {
  int64_t end = int64_t(gap_of_word(word, drawn.gap_scale));
  for (int distance = 1; distance < 32; distance *= 2) {
    const int64_t before = shuffle_up(end, distance);
    end += lane() >= distance ? before : 0;
  }
  end += position;
  position = shuffle(end, 31);
  return end;
}

// Synapses of a row of a fixed probability.
PGL_DEVICE uint32_t count_gaps_by_warp(const pgl_drawn& drawn, uint32_t row) {
  uint32_t n = 0;
  int64_t position = -1;
  PGL_ROLLED
  for (uint32_t round = 0; position < int64_t(drawn.universe); ++round) {
    const RoundWords words(drawn, true, kPurposeTarget, row, round);
    PGL_ROLLED
    for (uint32_t part = 0; part < 4; ++part) {
      const int64_t end = gap_ends(drawn, words.in_order(part), position);
      n += uint32_t(popcount(ballot(end < int64_t(drawn.universe))));
    }
  }
  return n;
}

// One row; `places` is shared memory, of which kPlaces elements from `first` on are this warp's.
template <class Places>
class RowByWarp {
 public:
  PGL_DEVICE RowByWarp(const pgl_build& build, Places& places, uint32_t row)
      : build_(build), drawn_(build.drawn), places_(places), first_(uint32_t(warp()) * kPlaces), row_(row),
        begin_(build.row_begin[row]), n_(build.row_begin[row + 1] - begin_) {}

  PGL_DEVICE void fill() {
    const bool by_delay = build_.n_delays > 1 && build_.columns == 0;
    if (by_delay) {
      count_delays();
      begin_delays();
    }
    const bool weighted = build_.weights != nullptr || build_.codes != nullptr;
    const WeightLaw<real> law = weight_law<real>(drawn_.weight);
    Placing placing = {build_, row_};
    int64_t position = -1;
    PGL_ROLLED
    for (uint32_t round = 0; round * kRoundSize < n_; ++round) {
      const bool draws = drawn_.kind == PGL_ROW_REPEATED || drawn_.kind == PGL_ROW_GAPS;
      const RoundWords targets(drawn_, draws, kPurposeTarget, row_, round);
      const RoundWords delays(drawn_, by_delay && drawn_.delay_kind == PGL_DRAWN_VALUES, kPurposeDelay, row_, round);
      const RoundWords weights(drawn_, weighted && drawn_.weight_kind == PGL_DRAWN_VALUES, kPurposeWeight, row_, round);
      PGL_ROLLED
      for (uint32_t part = 0; part < 4; ++part) {
        const uint32_t k = round * kRoundSize + part * 32 + uint32_t(lane());
        const bool inside = k < n_;
        const uint32_t target = target_of(k, inside, targets.in_order(part), position);
        const uint32_t delay_word = delays.in_order(part), weight_word = weights.in_order(part);
        const uint32_t delay = by_delay && inside ? delay_at(drawn_, row_, k, delay_word) - build_.least_delay : 0;
        const uint32_t place = by_delay ? place_of(delay, inside) : k;
        if (!inside) continue;
        const real weight = weighted ? weight_at(drawn_, law, row_, k, weight_word) : real(0);
        placing.put(build_.columns != 0 ? uint64_t(row_) * build_.columns + target : uint64_t(begin_) + place, target, delay, weight);
      }
    }
    if (build_.loss == nullptr) return;
    const double size = sum_of_warp(placing.size), change = sum_of_warp(placing.change);
    if (lane() != 0) return;
    build_.loss[2 * row_] = size;
    build_.loss[2 * row_ + 1] = change;
  }

 private:
  PGL_DEVICE static double sum_of_warp(double value) {
    for (int mask = 16; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
    return value;
  }

  PGL_DEVICE uint32_t target_of(uint32_t k, bool inside, uint32_t word, int64_t& position) const {
    if (drawn_.kind == PGL_ROW_GAPS) return drawn_target(drawn_, row_, uint32_t(gap_ends(drawn_, word, position)));
    if (drawn_.kind == PGL_ROW_REPEATED) return drawn_target(drawn_, row_, value_of_word(word, drawn_.universe));
    if (drawn_.kind == PGL_ROW_GIVEN) return inside ? drawn_.targets[begin_ + k] : 0;
    return drawn_.kind == PGL_ROW_ONE ? row_ : drawn_target(drawn_, row_, k);
  }

  // Synapses of each delay.
  PGL_DEVICE void count_delays() {
    PGL_ROLLED
    for (uint32_t delay = uint32_t(lane()); delay < build_.n_delays; delay += 32) places_[first_ + delay] = 0u;
    warp_barrier();
    PGL_ROLLED
    for (uint32_t call = uint32_t(lane()); call < (n_ + 63) / 64 * 16; call += 32) {
      const uint32_t k = call / 16 * 64 + call % 16;
      Words4 words = {};
      if (drawn_.delay_kind == PGL_DRAWN_VALUES) words = philox(drawn_.seed, drawn_.stream, kPurposeDelay, row_, call);
      for (uint32_t i = 0; i < 4; ++i)
        if (k + 16 * i < n_)
          atomic_add(&places_[first_ + delay_at(drawn_, row_, k + 16 * i, words.word[i]) - build_.least_delay], 1u);
    }
    warp_barrier();
  }

  // Where those of each delay begin.
  PGL_DEVICE void begin_delays() {
    uint32_t before = 0, low = build_.n_delays, high = 0;
    PGL_ROLLED
    for (uint32_t from = 0; from < build_.n_delays; from += 32) {
      const uint32_t delay = from + uint32_t(lane());
      uint32_t n = 0;
      if (delay < build_.n_delays) n = places_[first_ + delay];
      const uint32_t some = ballot(n != 0);
      if (some != 0) {
        low = low < build_.n_delays ? low : from + uint32_t(lowest_bit(some));
        high = from + 31;
        while ((some >> (high - from) & 1u) == 0) --high;
      }
      uint32_t sum = n;
      for (int distance = 1; distance < 32; distance *= 2) {
        const uint32_t left = shuffle_up(sum, distance);
        sum += lane() >= distance ? left : 0;
      }
      if (delay < build_.n_delays) places_[first_ + delay] = before + sum - n;
      before += shuffle(sum, 31);
    }
    warp_barrier();
    if (lane() == 0) tell_delays(build_, low, high);
  }

  // The place in the row of the next synapse of a delay; those of lower threads come first.
  PGL_DEVICE uint32_t place_of(uint32_t delay, bool inside) {
    uint32_t alike = ballot(inside);
    PGL_ROLLED
    for (uint32_t bit = 1; bit < build_.n_delays; bit *= 2) {
      const uint32_t set = ballot((delay & bit) != 0);
      alike &= (delay & bit) != 0 ? set : ~set;
    }
    uint32_t place = 0;
    if (inside) place = places_[first_ + delay];
    warp_barrier();
    const uint32_t below = (1u << lane()) - 1u;
    if (inside && (alike & ~below) == 1u << lane()) places_[first_ + delay] = place + uint32_t(popcount(alike));
    warp_barrier();
    return place + uint32_t(popcount(alike & below));
  }

  const pgl_build& build_;
  const pgl_drawn& drawn_;
  Places& places_;
  uint32_t first_, row_, begin_, n_;
};

}  // namespace pgl

#endif
