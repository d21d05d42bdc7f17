// What is done to trained numbers after a batch: gradients are scaled and clipped, a generated rule (optimiser.hpp.jinja)
// makes the update, bounds and norms are kept, and what is quantised is rounded. One text for a block of one thread
// (CPU), for fibres and for cards. `real` is defined in front.
//
// In this order, with all blocks done with one before the next: square_sums, gradient_norms, optimise; then limit_rows,
// limit_columns, round_rows and round_arrays, which do nothing where nothing asks for them. round_rows and round_arrays also come first of
// all, and whenever values are set.
//
// Arrays are cut into chunks of kChunk numbers, which blocks take in turn. Sums are made of kSums parts, each in order, and
// of chunks in order: the same bits for any number of threads and blocks.
#ifndef PGL_TRAINING_OPTIMISE_HPP
#define PGL_TRAINING_OPTIMISE_HPP

#include "common/device.hpp"
#include "common/math.hpp"

namespace pgl::training {

inline constexpr uint32_t kChunk = 4096, kSums = 256;
inline constexpr uint32_t kMostSettings = 12;
inline constexpr uint32_t kNorms = 1, kLevels = 2;

// The numbers of one path, in rows (of weights: one per source neuron). What lies between the columns and the next row has
// no gradient and stays 0.
struct TrainedArray {
  real* value;
  real* used;             // what the program reads: `value` itself unless it is quantised
  const real* gradient;   // the sum over the samples of the batch
  real* slots;            // of slot k: slots + k * stored
  const real* lower;      // bounds of each number, or null: `low` and `high` hold for all
  const real* upper;
  const uint8_t* frozen;  // numbers that are left as they are, or null
  uint64_t stored;        // rows * stride
  uint32_t rows, columns, stride;
  uint32_t first_chunk, chunks;  // among those of all arrays
  uint32_t levels;        // of the quantisation: used = scale * (-levels ... levels); 0: none
  uint32_t per_row;       // whether each row has a scale of its own
  uint32_t twin;          // whether its gradient is another array's, too: the norm of all has it once
  real* scales;           // of the quantisation, one or one per row
  double rate_factor, decay_factor;
  double l1, l2;          // penalties: l1 |value| + l2 value^2
  double low, high;
  double most_row, most_column;  // largest Euclidean norms; infinite: none
};

struct OptimiserUpdate {
  double rate, number;
  double scale;                    // of gradients: 1 over the number of samples
  double weight_decay;
  double clip_value, clip_norm;    // infinite: not clipped
  uint32_t norm_of_all;            // whether the norm is that of all arrays together
  double settings[kMostSettings];
};

struct OptimiseArgs {
  const TrainedArray* arrays;
  uint32_t count;
  uint32_t chunks;   // of all arrays
  uint32_t limits;   // what any array asks for: kNorms, kLevels
  uint32_t reserved;
  double* sums;      // [chunks] squares of gradients
  double* largest;   // [chunks] magnitudes of values, for one scale per array
  double* norms;     // [count + 1] of the gradients of each array, of all: infinite or NaN where they explode
  OptimiserUpdate update;
};

PGL_INLINE bool is_frozen(const TrainedArray& array, uint64_t i) { return array.frozen != nullptr && array.frozen[i] != 0; }

// clip() for bounds that are numbers: of one comparison each, which keeps loops vectors.
PGL_INLINE real bounded(real x, real low, real high) {
  const real above = x <= low ? low : x;
  return above >= high ? high : above;
}

// A gradient as the rule sees it, but for the norm: the mean over the batch with penalties, clipped.
struct SeenGradient {
  real scale, twice_l2, l1, most;

  PGL_INLINE SeenGradient(const TrainedArray& array, const OptimiserUpdate& update)
      : scale(real(update.scale)), twice_l2(real(2 * array.l2)), l1(real(array.l1)), most(real(update.clip_value)) {}
  PGL_INLINE real of(real gradient, real value) const {
    const real shrunk = fma(twice_l2, value, gradient * scale) + l1 * sign(value);
    return bounded(shrunk, -most, most);
  }
};

// Does `each(array, chunk, begin, end)` for the chunks of this block, of the numbers begin ... end - 1 of an array.
template <class Each>
PGL_DEVICE void chunks_of_block(const OptimiseArgs& args, const Each& each) {
  uint32_t a = 0;
  for (uint32_t chunk = uint32_t(block()); chunk < args.chunks; chunk += uint32_t(blocks())) {
    while (chunk >= args.arrays[a].first_chunk + args.arrays[a].chunks) ++a;
    const TrainedArray& array = args.arrays[a];
    const uint64_t begin = uint64_t(chunk - array.first_chunk) * kChunk;
    const uint64_t end = begin + kChunk < array.stored ? begin + kChunk : array.stored;
    each(a, chunk, begin, end);
  }
}

// The sum of kSums parts, in pairs: the same for any number of threads. All of them get it.
template <class Parts>
PGL_DEVICE double sum_of_parts(Parts& parts) {
  barrier();
  for (uint32_t width = kSums / 2; width > 0; width /= 2) {
    for (uint32_t k = uint32_t(thread()); k < width; k += uint32_t(threads())) parts[k] += parts[k + width];
    barrier();
  }
  const double sum = parts[0];
  barrier();
  return sum;
}
template <class Parts>
PGL_DEVICE double largest_part(Parts& parts) {
  barrier();
  for (uint32_t width = kSums / 2; width > 0; width /= 2) {
    for (uint32_t k = uint32_t(thread()); k < width; k += uint32_t(threads())) {
      parts[k] = max(double(parts[k]), double(parts[k + width]));
    }
    barrier();
  }
  const double found = parts[0];
  barrier();
  return found;
}

// Puts into part k what `add(part, i)` makes of the numbers begin + k, begin + k + kSums, ...
template <class Parts, class Add>
PGL_DEVICE void fill_parts(Parts& parts, uint64_t begin, uint64_t end, const Add& add) {
  for (uint32_t k = uint32_t(thread()); k < kSums; k += uint32_t(threads())) parts[k] = 0.0;
  for (uint64_t row = begin; row < end; row += kSums) {
    const int width = end - row < kSums ? int(end - row) : int(kSums);
#pragma GCC ivdep
    for (int k = int(thread()); k < width; k += int(threads())) parts[k] = add(double(parts[k]), row + uint64_t(k));
  }
}

// ---------------------------------------------------------------- norms of gradients
template <class Parts>
PGL_DEVICE void square_sums(const OptimiseArgs& args, Parts& parts) {
  chunks_of_block(args, [&](uint32_t a, uint32_t chunk, uint64_t begin, uint64_t end) {
    const TrainedArray array = args.arrays[a];
    const SeenGradient seen(array, args.update);  // read once: parts might lie there, as far as a compiler knows
    const real* const gradients = array.gradient;
    const real* const values = array.value;
    const uint8_t* const frozen = array.frozen;
    if (frozen == nullptr) {
      fill_parts(parts, begin, end, [=](double sum, uint64_t i) {
        const double g = double(seen.of(gradients[i], values[i]));
        return sum + g * g;
      });
    } else {
      fill_parts(parts, begin, end, [=](double sum, uint64_t i) {
        const double g = frozen[i] != 0 ? 0.0 : double(seen.of(gradients[i], values[i]));
        return sum + g * g;
      });
    }
    const double sum = sum_of_parts(parts);
    if (thread() == 0) args.sums[chunk] = sum;
  });
}

// A longer gradient explodes: rules square it.
inline constexpr double kLongestGradient = sizeof(real) == 4 ? 1e19 : 1e154;

// By one thread: a few numbers. Of gradients that explode the norm is infinite.
PGL_DEVICE void gradient_norms(const OptimiseArgs& args) {
  if (block() != 0 || thread() != 0) return;
  double all = 0.0;
  for (uint32_t a = 0; a < args.count; ++a) {
    double sum = 0.0;
    for (uint32_t c = 0; c < args.arrays[a].chunks; ++c) sum += args.sums[args.arrays[a].first_chunk + c];
    args.norms[a] = sqrt(sum);
    all += args.arrays[a].twin ? 0.0 : sum;
  }
  const double norm = sqrt(all);
  args.norms[args.count] = norm <= kLongestGradient ? norm : infinity<double>();
}

// What gradients are multiplied by so that their norm is not above the largest one.
PGL_INLINE double norm_scale(const OptimiseArgs& args, uint32_t a) {
  const double norm = args.norms[args.update.norm_of_all ? args.count : a];
  return norm > args.update.clip_norm ? args.update.clip_norm / norm : 1.0;
}

// ---------------------------------------------------------------- the update
// A number's place, as rules see it.
struct TrainedValue {
  real* values;
  real* slots;
  uint64_t stored, index;
  real seen;

  PGL_DEVICE real& value() const { return values[index]; }
  PGL_DEVICE real gradient() const { return seen; }
  PGL_DEVICE real& slot(uint32_t k) const { return slots[k * stored + index]; }
};

template <class Rule>
PGL_DEVICE void update_chunk(const TrainedArray& array, const OptimiserUpdate& update, real scale, uint64_t begin,
                             uint64_t end) {
  const typename Rule::Once once = Rule::once(update, array);
  const SeenGradient seen(array, update);
  const real low = real(array.low), high = real(array.high);
  const real* __restrict const gradients = array.gradient;
#pragma GCC ivdep
  for (uint64_t i = begin + uint64_t(thread()); i < end; i += uint64_t(threads())) {
    const real gradient = scale * seen.of(gradients[i], array.value[i]);
    Rule::step(TrainedValue{array.value, array.slots, array.stored, i, gradient}, once);
    array.value[i] = bounded(array.value[i], low, high);
  }
}

// The same where some numbers are frozen, or have bounds of their own.
template <class Rule>
PGL_DEVICE void update_some(const TrainedArray& array, const OptimiserUpdate& update, real scale, uint64_t begin,
                            uint64_t end) {
  const typename Rule::Once once = Rule::once(update, array);
  const SeenGradient seen(array, update);
  for (uint64_t i = begin + uint64_t(thread()); i < end; i += uint64_t(threads())) {
    if (is_frozen(array, i)) continue;
    const real gradient = scale * seen.of(array.gradient[i], array.value[i]);
    Rule::step(TrainedValue{array.value, array.slots, array.stored, i, gradient}, once);
    const real low = array.lower == nullptr ? real(array.low) : array.lower[i];
    const real high = array.upper == nullptr ? real(array.high) : array.upper[i];
    array.value[i] = clip(array.value[i], low, high);
  }
}

// Nothing is changed where the gradient is not finite: who runs the program looks at the norms.
template <class Rule>
PGL_DEVICE void optimise(const OptimiseArgs& args) {
  if (!(args.norms[args.count] < infinity<double>())) return;
  chunks_of_block(args, [&](uint32_t a, uint32_t, uint64_t begin, uint64_t end) {
    const TrainedArray array = args.arrays[a];
    const real scale = real(norm_scale(args, a));
    const bool plain = array.frozen == nullptr && array.lower == nullptr && array.upper == nullptr;
    if (plain) {
      update_chunk<Rule>(array, args.update, scale, begin, end);
    } else {
      update_some<Rule>(array, args.update, scale, begin, end);
    }
  });
}

// ---------------------------------------------------------------- largest norms of rows and columns
// Makes a number shorter; its bounds hold all the same.
PGL_INLINE void shorten(const TrainedArray& array, uint64_t i, real factor) {
  if (is_frozen(array, i)) return;
  const real low = array.lower == nullptr ? real(array.low) : array.lower[i];
  const real high = array.upper == nullptr ? real(array.high) : array.upper[i];
  array.value[i] = clip(array.value[i] * factor, low, high);
}

template <class Parts>
PGL_DEVICE void limit_row(const TrainedArray& array, uint32_t row, Parts& parts) {
  const uint64_t begin = uint64_t(row) * array.stride, end = begin + array.columns;
  fill_parts(parts, begin, end, [&](double sum, uint64_t i) {
    const double value = is_frozen(array, i) ? 0.0 : double(array.value[i]);
    return sum + value * value;
  });
  const double norm = sqrt(sum_of_parts(parts));
  if (!(norm > array.most_row)) return;
  const real factor = real(array.most_row / norm);
  for (uint64_t i = begin + uint64_t(thread()); i < end; i += uint64_t(threads())) shorten(array, i, factor);
}

// kSums columns at once: every thread has columns of its own.
PGL_DEVICE void limit_some_columns(const TrainedArray& array, uint32_t first) {
  for (uint32_t c = first + uint32_t(thread()); c < first + kSums && c < array.columns; c += uint32_t(threads())) {
    double sum = 0.0;
    for (uint32_t row = 0; row < array.rows; ++row) {
      const uint64_t i = uint64_t(row) * array.stride + c;
      const double value = is_frozen(array, i) ? 0.0 : double(array.value[i]);
      sum += value * value;
    }
    const double norm = sqrt(sum);
    if (!(norm > array.most_column)) continue;
    const real factor = real(array.most_column / norm);
    for (uint32_t row = 0; row < array.rows; ++row) shorten(array, uint64_t(row) * array.stride + c, factor);
  }
}

template <class Parts>
PGL_DEVICE void limit_rows(const OptimiseArgs& args, Parts& parts) {
  for (uint32_t a = 0; a < args.count; ++a) {
    const TrainedArray array = args.arrays[a];
    if (!(array.most_row < infinity<double>())) continue;
    for (uint32_t row = uint32_t(block()); row < array.rows; row += uint32_t(blocks())) limit_row(array, row, parts);
  }
}

// When all blocks have done limit_rows: a column has numbers of all rows.
PGL_DEVICE void limit_columns(const OptimiseArgs& args) {
  for (uint32_t a = 0; a < args.count; ++a) {
    const TrainedArray array = args.arrays[a];
    if (!(array.most_column < infinity<double>())) continue;
    const uint32_t step = kSums * uint32_t(blocks());
    for (uint32_t c = kSums * uint32_t(block()); c < array.columns; c += step) limit_some_columns(array, c);
  }
}

// ---------------------------------------------------------------- quantisation
// The nearest multiple of the scale; halves away from 0.
PGL_INLINE real rounded(real value, real scale) {
  const real code = copysign(floor(abs(value / scale) + real(0.5)), value);
  return scale > real(0) ? code * scale : real(0);
}

template <class Parts>
PGL_DEVICE real scale_of(const TrainedArray& array, uint64_t begin, uint64_t end, Parts& parts) {
  fill_parts(parts, begin, end, [&](double most, uint64_t i) { return max(most, double(abs(array.value[i]))); });
  return real(largest_part(parts)) / real(array.levels);
}

PGL_DEVICE void round_numbers(const TrainedArray& array, real scale, uint64_t begin, uint64_t end) {
#pragma GCC ivdep
  for (uint64_t i = begin + uint64_t(thread()); i < end; i += uint64_t(threads())) array.used[i] = rounded(array.value[i], scale);
}

// Rows with a scale of their own are rounded; of other arrays the largest numbers are found.
template <class Parts>
PGL_DEVICE void round_rows(const OptimiseArgs& args, Parts& parts) {
  for (uint32_t a = 0; a < args.count; ++a) {
    const TrainedArray array = args.arrays[a];
    if (array.levels == 0 || !array.per_row) continue;
    for (uint32_t row = uint32_t(block()); row < array.rows; row += uint32_t(blocks())) {
      const uint64_t begin = uint64_t(row) * array.stride;
      const real scale = scale_of(array, begin, begin + array.stride, parts);
      if (thread() == 0) array.scales[row] = scale;
      round_numbers(array, scale, begin, begin + array.stride);
    }
  }
  chunks_of_block(args, [&](uint32_t a, uint32_t chunk, uint64_t begin, uint64_t end) {
    const TrainedArray array = args.arrays[a];
    if (array.levels == 0 || array.per_row) return;
    fill_parts(parts, begin, end, [&](double most, uint64_t i) { return max(most, double(abs(array.value[i]))); });
    const double most = largest_part(parts);
    if (thread() == 0) args.largest[chunk] = most;
  });
}

// Arrays with one scale: when all blocks have done round_rows.
PGL_DEVICE void round_arrays(const OptimiseArgs& args) {
  chunks_of_block(args, [&](uint32_t a, uint32_t chunk, uint64_t begin, uint64_t end) {
    const TrainedArray array = args.arrays[a];
    if (array.levels == 0 || array.per_row) return;
    double most = 0.0;
    for (uint32_t c = 0; c < array.chunks; ++c) most = max(most, args.largest[array.first_chunk + c]);
    const real scale = real(most) / real(array.levels);
    if (thread() == 0 && chunk == array.first_chunk) array.scales[0] = scale;
    round_numbers(array, scale, begin, end);
  });
}

}  // namespace pgl::training

#endif
