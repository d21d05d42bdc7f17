// Lays synapses down on a card: the same as the processor's builder (cpp/engine/builder.hpp), row by row. Every kernel works
// on many groups at once, of as many networks as there are: block_y() is the number of the group.
//
// The order of the launches is that of runtime/cuda/building.py: synapses of each row are counted (pgl_build_count, of totals
// pgl_build_split level by level, of rules that are drawn by target pgl_build_turn), summed (pgl_sum_*), laid down
// (pgl_build_fill), put in the order of their targets (pgl_build_transpose*).
#include "common/device.hpp"
#include "common/philox.hpp"
#include "common/splitting.hpp"
#include "cuda/builder/by_warp.hpp"
#include "cuda/builder/records.hpp"
#include "cuda/builder/rows.hpp"

// ---------------------------------------------------------------- how many
// Synapses of each row into row_begin.
PGL_LOOP(pgl_build_count, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  const pgl_drawn& drawn = build.drawn;
  if (build.count == PGL_COUNT_GIVEN || build.count == PGL_COUNT_TURNED) return;
  if (build.count == PGL_COUNT_GAPS && build.by_warp != 0) return;
  PGL_ROLLED
  for (uint64_t row = uint64_t(pgl::first()); row < drawn.n_source; row += uint64_t(pgl::stride())) {
    uint32_t n = build.number;
    if (build.count == PGL_COUNT_TOTAL) n = row == 0 ? uint32_t(build.total) : 0;
    if (build.count == PGL_COUNT_GAPS) {
      uint32_t targets[64];
      int64_t position = -1;
      n = 0;
      PGL_ROLLED
      for (uint32_t block = 0, here = 64; here == 64; ++block) n += here = pgl::next_gaps(drawn, uint32_t(row), block, position, targets);
    }
    build.row_begin[row] = n;
  }
}

PGL_KERNEL(pgl_build_count_by_warp, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.count != PGL_COUNT_GAPS || build.by_warp == 0) return;
  PGL_ROLLED
  for (uint64_t row = uint64_t(pgl::first()) / 32; row < build.drawn.n_source; row += uint64_t(pgl::stride()) / 32) {
    const uint32_t n = pgl::count_gaps_by_warp(build.drawn, uint32_t(row));
    if (pgl::lane() == 0) build.row_begin[row] = n;
  }
}

// Shares the synapses of ranges of rows out to their halves; the number of a range stands at its first row.
PGL_LOOP(pgl_build_split, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.count != PGL_COUNT_TOTAL) return;
  const uint64_t room = build.drawn.kind == PGL_ROW_REPEATED ? 0 : build.drawn.universe;
  PGL_ROLLED
  for (uint64_t node = uint64_t(pgl::first()); node < uint64_t(1) << args.level; node += uint64_t(pgl::stride())) {
    uint32_t begin = 0, end = build.drawn.n_source;
    PGL_ROLLED
    for (uint32_t level = args.level; level > 0 && end - begin > 1; --level) {
      const uint32_t middle = begin + (end - begin) / 2;
      (node >> (level - 1) & 1 ? begin : end) = middle;
    }
    if (end - begin < 2) continue;
    const uint32_t n = build.row_begin[begin];
    const uint32_t left = uint32_t(pgl::split_left(build.drawn.seed, build.drawn.stream, room, begin, end, n));
    build.row_begin[begin] = left;
    build.row_begin[begin + (end - begin) / 2] = n - left;
  }
}

// Of rules that are drawn by target: level 0 counts the synapses of each source, level 1 puts the targets into its row.
PGL_LOOP(pgl_build_turn, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.count != PGL_COUNT_TURNED) return;
  const bool counting = args.level == 0;
  pgl::for_each_row(build, build.drawn.n_target, [&](uint32_t target, uint32_t slot) {
    pgl::for_each_source(build, target, slot, [&](uint32_t source) {
      if (counting)
        pgl::atomic_add(&build.row_begin[source], 1u);
      else
        build.turned[build.row_begin[source] + pgl::atomic_add(&build.cursor[source], 1u)] = target;
    });
  });
}
PGL_LOOP(pgl_build_turn_sort, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.count != PGL_COUNT_TURNED) return;
  PGL_ROLLED
  for (uint64_t row = uint64_t(pgl::first()); row < build.drawn.n_source; row += uint64_t(pgl::stride()))
    pgl::sort_ascending(build.turned + build.row_begin[row], build.row_begin[row + 1] - build.row_begin[row]);
}

// The least and the greatest word that delays are drawn with.
PGL_LOOP(pgl_build_delay_words, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  const pgl_drawn& drawn = build.drawn;
  uint32_t low = 0xffffffffu, high = 0;
  PGL_ROLLED
  for (uint64_t row = uint64_t(pgl::first()); row < drawn.n_source; row += uint64_t(pgl::stride())) {
    const uint32_t n = build.row_begin[row + 1] - build.row_begin[row];
    PGL_ROLLED
    for (uint32_t call = 0; call < (n + 63) / 64 * 16; ++call) {
      const uint32_t k = call / 16 * 64 + call % 16;
      if (k >= n) continue;
      const pgl::Words4 words = pgl::philox(drawn.seed, drawn.stream, pgl::kPurposeDelay, int64_t(row), call);
      PGL_ROLLED
      for (uint32_t i = 0; i < 4 && k + 16 * i < n; ++i) {
        low = low < words.word[i] ? low : words.word[i];
        high = high > words.word[i] ? high : words.word[i];
      }
    }
  }
  if (low > high) return;
  if (low < pgl::load_fresh(&build.found->low_word)) pgl::atomic_min(&build.found->low_word, low);
  if (high > pgl::load_fresh(&build.found->high_word)) pgl::atomic_max(&build.found->high_word, high);
}

// The largest size of a weight, for those that take 16 bits.
PGL_LOOP(pgl_build_largest, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.code_kind == 0) return;
  const pgl_drawn& drawn = build.drawn;
  const pgl::WeightLaw<real> law = pgl::weight_law<real>(drawn.weight);
  double largest = 0.0;
  PGL_ROLLED
  for (uint64_t row = uint64_t(pgl::first()); row < drawn.n_source; row += uint64_t(pgl::stride())) {
    const uint32_t n = build.row_begin[row + 1] - build.row_begin[row];
    PGL_ROLLED
    for (uint32_t k = 0; k < n; ++k) {
      pgl::Words4 words = {};
      if (drawn.weight_kind == PGL_DRAWN_VALUES)
        words = pgl::philox(drawn.seed, drawn.stream, pgl::kPurposeWeight, int64_t(row), k / 64 * 16 + k % 16);
      const double size = pgl::abs(double(pgl::weight_at(drawn, law, uint32_t(row), k, words.word[k % 64 / 16])));
      largest = largest > size ? largest : size;
    }
  }
  const uint64_t bits = pgl::bit_cast<uint64_t>(largest);  // of numbers that are not negative: in their order
  if (bits > pgl::load_fresh(&build.found->largest)) pgl::atomic_max(&build.found->largest, bits);
}

// ---------------------------------------------------------------- sums
namespace pgl {
inline constexpr uint32_t kStretch = 128;  // numbers that one thread sums up
}
PGL_LOOP(pgl_sum_stretches, pgl_sums_up, 128) {
  const pgl_summing& of = args.of[pgl::block_y()];
  const uint64_t stretches = (of.n + pgl::kStretch - 1) / pgl::kStretch;
  PGL_ROLLED
  for (uint64_t stretch = uint64_t(pgl::first()); stretch < stretches; stretch += uint64_t(pgl::stride())) {
    uint64_t sum = 0;
    PGL_ROLLED
    for (uint64_t i = stretch * pgl::kStretch; i < of.n && i < (stretch + 1) * pgl::kStretch; ++i) sum += of.values[i];
    of.stretches[stretch] = sum;
  }
}
PGL_LOOP(pgl_sum_all, pgl_sums_up, 128) {
  if (pgl::first() != 0) return;
  const pgl_summing& of = args.of[pgl::block_y()];
  uint64_t before = 0;
  PGL_ROLLED
  for (uint64_t stretch = 0; stretch * pgl::kStretch < of.n; ++stretch) {
    const uint64_t sum = of.stretches[stretch];
    of.stretches[stretch] = before;
    before += sum;
  }
  *of.total = before;
  of.values[of.n] = uint32_t(before);
}
PGL_LOOP(pgl_sum_places, pgl_sums_up, 128) {
  const pgl_summing& of = args.of[pgl::block_y()];
  const uint64_t stretches = (of.n + pgl::kStretch - 1) / pgl::kStretch;
  PGL_ROLLED
  for (uint64_t stretch = uint64_t(pgl::first()); stretch < stretches; stretch += uint64_t(pgl::stride())) {
    uint64_t before = of.stretches[stretch];
    PGL_ROLLED
    for (uint64_t i = stretch * pgl::kStretch; i < of.n && i < (stretch + 1) * pgl::kStretch; ++i) {
      const uint32_t value = of.values[i];
      of.values[i] = uint32_t(before);
      before += value;
    }
  }
}

// ---------------------------------------------------------------- laying down
PGL_LOOP(pgl_build_fill, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.by_warp != 0) return;
  pgl::for_each_row(build, build.drawn.n_source, [&](uint32_t row, uint32_t slot) { pgl::fill_row(build, row, slot); });
}
PGL_KERNEL(pgl_build_fill_by_warp, pgl_building, 128) {
  PGL_SHARED(uint32_t, places, 4 * pgl::kPlaces);
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.by_warp == 0 || !pgl::stores_something(build)) return;
  PGL_ROLLED
  for (uint64_t row = uint64_t(pgl::first()) / 32; row < build.drawn.n_source; row += uint64_t(pgl::stride()) / 32)
    pgl::RowByWarp(build, places, uint32_t(row)).fill();
}

// The order of targets: level 0 counts the synapses of each, level 1 places them.
PGL_LOOP(pgl_build_transpose, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.post_begin == nullptr) return;
  const uint32_t n = build.row_begin[build.drawn.n_source];
  PGL_ROLLED
  for (uint64_t position = uint64_t(pgl::first()); position < n; position += uint64_t(pgl::stride())) {
    const uint32_t target = build.targets[position];
    if (args.level == 0)
      pgl::atomic_add(&build.post_begin[target], 1u);
    else
      build.post_position[build.post_begin[target] + pgl::atomic_add(&build.cursor[target], 1u)] = uint32_t(position);
  }
}
PGL_LOOP(pgl_build_transpose_sort, pgl_building, 128) {
  const pgl_build& build = args.builds[pgl::block_y()];
  if (build.post_begin == nullptr) return;
  PGL_ROLLED
  for (uint64_t target = uint64_t(pgl::first()); target < build.drawn.n_target; target += uint64_t(pgl::stride())) {
    const uint32_t begin = build.post_begin[target], end = build.post_begin[target + 1];
    pgl::sort_ascending(build.post_position + begin, end - begin);
    PGL_ROLLED
    for (uint32_t k = begin; k < end; ++k)
      build.post_source[k] = pgl::row_of(build.row_begin, build.drawn.n_source, build.post_position[k]);
  }
}
