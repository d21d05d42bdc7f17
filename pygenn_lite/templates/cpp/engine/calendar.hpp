// Calendars: what arrives at which step.
//
// When spikes become visible, every shard looks up each new spike's row once and notes, for each delay that occurs,
// the part of the row (segment) that arrives then. Delivery at a step then walks one contiguous list, and can fetch
// ahead from memory what it will need. A calendar belongs to one store on one shard and is touched by its owner only.
#ifndef PGL_CALENDAR_HPP
#define PGL_CALENDAR_HPP

#include <stdint.h>

#include "common/prefetch.hpp"
#include "list.hpp"
#include "store.hpp"

namespace pgl {

// Static synapses: nobody asks where an arrival comes from. For dense stores `begin` is the row.
struct Segment {
  uint32_t begin, length;
};

// What a drawn row adds to one target.
struct Jump {
  uint32_t target;
  double weight;  // nothing where the store has one weight for all
};

namespace detail {

inline uint32_t power_above(uint32_t n) { return n == 0 ? 1u : 2u << (31 - __builtin_clz(n)); }

}  // namespace detail

// Entries wait in slot (arrival step mod slots); slots are at least one more than the longest delay.
template <class Entry>
class Calendar {
 public:
  explicit Calendar(uint32_t longest_delay) : slots_(detail::power_above(longest_delay)) {}

  List<Entry>& at(int64_t step) { return slots_[static_cast<uint64_t>(step) & (slots_.size() - 1)]; }
  const List<Entry>& at(int64_t step) const { return slots_[static_cast<uint64_t>(step) & (slots_.size() - 1)]; }
  void clear() {
    for (List<Entry>& slot : slots_) slot.clear();
  }
  void fit() noexcept {
    for (List<Entry>& slot : slots_) slot.fit();
  }

 private:
  List<List<Entry>> slots_;  // a power of two
};

namespace detail {

inline Segment make_entry(Segment*, uint32_t begin, uint32_t end, uint32_t, uint32_t) { return {begin, end - begin}; }
inline pgl_arrival make_entry(pgl_arrival*, uint32_t begin, uint32_t end, uint32_t source, uint32_t delay) {
  return {begin, end, source, delay};
}

// Rows to look ahead: a row's bounds come from memory at random places, and one look-up takes about 50 ns of work with
// many delays, 3 ns with one.
inline constexpr uint32_t kRowsAhead = 6, kPlainRowsAhead = 32;

template <class Entry, class Offset>
void post_segments(Calendar<Entry>& calendar, const pgl_store& store, const pgl_shard_store& shard,
                   const Offset* segments, const uint32_t* spikes, uint32_t n, int64_t step, int64_t first_arrival) {
  const uint32_t n_delays = static_cast<uint32_t>(store.delays.size());
  const uint32_t* delays = store.delays.data();
  const uint32_t* row_begin = shard.row_begin.data();
  const size_t stride = n_delays + size_t{1};
  const size_t row_bytes = stride * sizeof(Offset);
  const auto fetch = [&](uint32_t source) {
    fetch_line(row_begin + source);
    const char* row = reinterpret_cast<const char*>(segments + source * stride);
    for (size_t at = 0; at < row_bytes && at < 512; at += 64) fetch_line(row + at);
    fetch_line(row + row_bytes - 1);
  };
  // Delays that have passed already: only when spikes in flight are put back from a checkpoint.
  uint32_t first = 0;
  while (first < n_delays && step + delays[first] < first_arrival) ++first;
  for (uint32_t i = 0; i < n && i < kRowsAhead; ++i) fetch(spikes[i]);
  for (uint32_t i = 0; i < n; ++i) {
    if (i + kRowsAhead < n) fetch(spikes[i + kRowsAhead]);
    const uint32_t source = spikes[i];
    const uint32_t base = row_begin[source];
    const Offset* row = segments + source * stride;
    uint32_t begin = row[first];
    for (uint32_t k = first; k < n_delays; ++k) {
      const uint32_t end = row[k + 1];
      if (end != begin) {
        calendar.at(step + delays[k])
            .push(make_entry(static_cast<Entry*>(nullptr), base + begin, base + end, source, delays[k]));
      }
      begin = end;
    }
  }
}

}  // namespace detail

// Notes the arrivals of the spikes (source indices, ascending) that carry time t_step. Arrivals before `first_arrival`
// are left out.
template <class Entry>
void post_spikes(Calendar<Entry>& calendar, const pgl_store& store, const pgl_shard_store& shard,
                 const uint32_t* spikes, uint32_t n, int64_t step, int64_t first_arrival) {
  if (n == 0) return;
  if (!shard.segment16.empty()) {
    detail::post_segments(calendar, store, shard, shard.segment16.data(), spikes, n, step, first_arrival);
    return;
  }
  if (!shard.segment32.empty()) {
    detail::post_segments(calendar, store, shard, shard.segment32.data(), spikes, n, step, first_arrival);
    return;
  }
  const uint32_t delay = store.delays.front();
  if (step + delay < first_arrival) return;
  List<Entry>& slot = calendar.at(step + delay);
  Entry* const kind = nullptr;
  if (shard.row_begin.empty()) {
    const uint32_t columns = shard.dense_columns;
    if ((store.flags & PGL_STORE_DENSE) == 0 || columns == 0) return;  // nothing on this shard
    for (uint32_t i = 0; i < n; ++i) {
      const uint32_t source = spikes[i];
      if constexpr (kSame<Entry, Segment>) {
        slot.push(Segment{source, columns});
      } else {
        const uint32_t begin = source * shard.dense_stride;
        slot.push(detail::make_entry(kind, begin, begin + columns, source, delay));
      }
    }
    return;
  }
  const uint32_t* row_begin = shard.row_begin.data();
  for (uint32_t i = 0; i < n && i < detail::kPlainRowsAhead; ++i) fetch_line(row_begin + spikes[i]);
  for (uint32_t i = 0; i < n; ++i) {
    if (i + detail::kPlainRowsAhead < n) fetch_line(row_begin + spikes[i + detail::kPlainRowsAhead]);
    const uint32_t source = spikes[i];
    const uint32_t begin = row_begin[source], end = row_begin[source + 1];
    if (begin != end) slot.push(detail::make_entry(kind, begin, end, source, delay));
  }
}

}  // namespace pgl

#endif
