// Shared memory whose every access is looked at. Elements are reached through stand-ins (Element, Address), which compare
// with what is known of the last accesses: two threads that touch an element between the same two barriers, one of them to
// change it, are a race, unless both do it by atomics.
#ifndef PGL_FIBRES_SHARED_HPP
#define PGL_FIBRES_SHARED_HPP

#include "cuda/fibres/faults.hpp"

namespace pgl::emulated {

// Of an access: one thread; several of one warp; several warps.
inline constexpr uint16_t kOneWarp = 0x4000, kSeveralWarps = 0x7fff;

inline uint16_t line_of(Place place) { return uint16_t(place.line < 0xffff ? place.line : 0xffff); }

// What every access needs to know of who does it.
struct Accessor {
  const Block& block;
  const Warp& warp;
  uint16_t thread, warp_index;

  Accessor()
      : block(*machine.self->block), warp(*machine.self->warp), thread(uint16_t(machine.self->thread)),
        warp_index(uint16_t(machine.self->thread / kLanes)) {}

  bool of_this_warp(uint16_t who) const {
    if (who == kSeveralWarps) return false;
    return (who & kOneWarp) ? (who & 0xff) == warp_index : who / kLanes == warp_index;
  }
  // Whether a barrier stands between that access and now, or it was this thread's own.
  bool is_behind(Access access) const {
    if (access.time < block.since || access.who == thread) return true;
    return access.time < warp.since && of_this_warp(access.who);
  }
  Access now(Place place) const { return {block.now, thread, line_of(place)}; }
  // That access and the present one, together.
  Access together(Access before, Place place) const {
    if (is_behind(before)) return now(place);
    const uint16_t who = of_this_warp(before.who) ? uint16_t(kOneWarp | warp_index) : kSeveralWarps;
    return {block.now, who, line_of(place)};
  }
};

template <class T>
struct Shared;

// An element's place in shared memory.
struct Spot {
  Mark* mark;
  const SharedArray* array;
  size_t index;
  Place place;
};

inline void add_who(Text& text, Access access) {
  if (access.who == kSeveralWarps) {
    text.add("threads of several warps");
  } else if (access.who & kOneWarp) {
    text.add("threads of warp %d", access.who & 0xff);
  } else {
    text.add("thread %d", access.who);
  }
}

enum class Doing { kReads, kWrites, kAtomic };

[[noreturn, gnu::cold, gnu::noinline]] inline void stop_race(const Spot& spot, Doing doing, Doing done, Access other) {
  static const char* const present[] = {"reads", "writes", "atomically changes"};
  static const char* const past[] = {"read", "written", "atomically changed"};
  const bool atomics = doing == Doing::kAtomic || done == Doing::kAtomic;
  Text text = begin_fault(*machine.self, spot.place,
                          atomics ? "put pgl::barrier() between atomics and plain accesses of one element"
                                  : "put pgl::barrier() between them (within a warp pgl::warp_barrier(); votes and shuffles "
                                    "put memory in no order)");
  text.add("race on shared memory: the thread %s %s[%zu], which ", present[int(doing)], spot.array->name, spot.index);
  add_who(text, other);
  const bool several = other.who & kOneWarp;
  text.add(" %s %s in line %d, without a barrier between", several ? "have" : "has", past[int(done)], int(other.line));
  abandon();
}

[[noreturn, gnu::cold, gnu::noinline]] inline void stop_unwritten(const Spot& spot) {
  stop(spot.place, "shared memory holds anything when a kernel begins: let the block set it, then wait at a barrier",
       "the thread reads %s[%zu], which nobody has written so far in this launch", spot.array->name, spot.index);
}

// Atomics read, too, so that they cannot come first, unless they only store (note_store).
inline void check_written(const Spot& spot, const Block& block) {
  if (spot.mark->write.time < block.began && spot.mark->atomic.time < block.began) stop_unwritten(spot);
}

inline void note_read(const Spot& spot) {
  const Accessor me;
  Mark& mark = *spot.mark;
  check_written(spot, me.block);
  if (!me.is_behind(mark.write)) stop_race(spot, Doing::kReads, Doing::kWrites, mark.write);
  if (!me.is_behind(mark.atomic)) stop_race(spot, Doing::kReads, Doing::kAtomic, mark.atomic);
  mark.read = me.together(mark.read, spot.place);
}

inline void note_write(const Spot& spot) {
  const Accessor me;
  Mark& mark = *spot.mark;
  if (!me.is_behind(mark.write)) stop_race(spot, Doing::kWrites, Doing::kWrites, mark.write);
  if (!me.is_behind(mark.read)) stop_race(spot, Doing::kWrites, Doing::kReads, mark.read);
  if (!me.is_behind(mark.atomic)) stop_race(spot, Doing::kWrites, Doing::kAtomic, mark.atomic);
  mark.write = me.now(spot.place);
}

// A store that others may see at any time: by an atomic exchange, or fresh.
inline void note_store(const Spot& spot) {
  const Accessor me;
  Mark& mark = *spot.mark;
  if (!me.is_behind(mark.write)) stop_race(spot, Doing::kAtomic, Doing::kWrites, mark.write);
  if (!me.is_behind(mark.read)) stop_race(spot, Doing::kAtomic, Doing::kReads, mark.read);
  mark.atomic = me.together(mark.atomic, spot.place);
}

inline void note_atomic(const Spot& spot) {
  check_written(spot, *machine.self->block);
  note_store(spot);
}

// Where an element of a shared array is; what atomics take.
template <class T>
struct Address {
  T* at;
  Spot spot;
};

// An element of a shared array. It is used where it is named, and never kept: `auto x = array[i]` would be another thing
// than on a card, so that x can be neither read nor written (write the type: `float x = array[i]`).
template <class T>
struct Element {
  T* at;
  Spot spot;

  Element(T* its_place, const Spot& its_spot) : at(its_place), spot(its_spot) {}
  Element(const Element&) = delete;

  operator T() && {
    note_read(spot);
    return *at;
  }
  T operator=(T value) && {
    note_write(spot);
    return *at = value;
  }
  T operator=(Element&& other) && { return move(*this) = T(move(other)); }
  operator T() const& {  // of one that has a name
    static_assert(sizeof(T) == 0, "write the type of what is read from a shared array: float x = array[i], not auto x");
    return T();
  }
  T operator+=(T value) && { return change(T(read() + value)); }
  T operator-=(T value) && { return change(T(read() - value)); }
  T operator*=(T value) && { return change(T(read() * value)); }
  T operator|=(T value) && { return change(T(read() | value)); }
  T operator&=(T value) && { return change(T(read() & value)); }
  T operator^=(T value) && { return change(T(read() ^ value)); }
  T operator++() && { return change(T(read() + T(1))); }
  T operator--() && { return change(T(read() - T(1))); }
  T operator++(int) && {
    const T before = read();
    change(T(before + T(1)));
    return before;
  }
  Address<T> operator&() && { return {at, spot}; }

 private:
  T read() {
    note_read(spot);
    return *at;
  }
  T change(T value) {
    note_write(spot);
    return *at = value;
  }
};

// An index, and the line in which it stands.
struct Index {
  int64_t value;
  Place place;

  template <class I>
  Index(I index, const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : value(int64_t(index)), place{file, line} {}
};

[[noreturn, gnu::cold, gnu::noinline]] inline void stop_outside(const SharedArray& array, Index index) {
  stop(index.place, "compare the index with the size before it is used",
       "the index %lld is outside the shared array %s, which has %zu elements", (long long)(index.value), array.name,
       array.bytes / array.element);
}

template <class T>
struct Shared {
  T* data;
  const SharedArray* array;

  Element<T> operator[](Index index) const {
    if (uint64_t(index.value) >= array->bytes / sizeof(T)) stop_outside(*array, index);
    return {data + index.value, {array->marks + index.value, array, size_t(index.value), index.place}};
  }
};

// ---------------------------------------------------------------- where arrays lie
inline constexpr size_t kMostShared = 256 << 10;  // more than any card has

inline void check_shared(Place place, const char* name, size_t static_bytes) {
  const Launch& launch = machine.launch;
  if (machine.kernel->loop) {
    stop(place, "declare the kernel with PGL_KERNEL", "the shared array %s in %s, which is a PGL_LOOP", name,
         machine.kernel->name);
  }
  if (static_bytes + size_t(launch.shared_bytes) > size_t(launch.shared_limit)) {
    stop(place, "use less of it, or give blocks fewer neurons",
         "%s does not fit: shared arrays need %zu bytes and the launch asked for %d more; a block has at most %d", name,
         static_bytes, launch.shared_bytes, launch.shared_limit);
  }
}

inline const SharedArray& add_array(const void* key, const char* name, Place place, size_t offset, size_t n, size_t element) {
  Block& block = *machine.self->block;
  if (block.n_arrays == kMostArrays) stop(place, "use fewer", "more than %d shared arrays", kMostArrays);
  SharedArray& made = block.arrays[block.n_arrays++];
  made = {key, name, place, offset, n * element, element, block.marks + block.marks_used};
  block.marks_used += n;
  return made;
}

// An array of constant size, which all threads of a block know by the place of its declaration.
template <class T>
Shared<T> shared_array(const void* key, const char* name, size_t n, Place place) {
  Block& block = *machine.self->block;
  for (int i = 0; i < block.n_arrays; ++i) {
    const SharedArray& array = block.arrays[i];
    if (array.key == key) return {reinterpret_cast<T*>(block.shared + array.offset), &array};
  }
  const size_t offset = (block.shared_used + 15) & ~size_t(15);
  check_shared(place, name, offset + n * sizeof(T));
  block.shared_used = offset + n * sizeof(T);
  return {reinterpret_cast<T*>(block.shared + offset), &add_array(key, name, place, offset, n, sizeof(T))};
}

// A part of what the launch asked for: [offset, offset + n elements). Parts do not overlap. It lies behind arrays of constant
// size, in memory of its own here.
template <class T>
Shared<T> dynamic_array(const char* name, int64_t given_offset, int64_t given_n, Place place) {
  Block& block = *machine.self->block;
  const int64_t bytes = machine.launch.shared_bytes;
  check_shared(place, name, block.shared_used);
  const int64_t n = given_n < 0 ? (bytes - given_offset) / int64_t(sizeof(T)) : given_n;
  if (given_offset % int64_t(alignof(T)) != 0) {
    stop(place, "let offsets be multiples of 16", "%s begins at byte %lld, which is not a multiple of its alignment, %zu", name,
         (long long)(given_offset), alignof(T));
  }
  if (given_offset < 0 || given_offset + n * int64_t(sizeof(T)) > bytes) {
    stop(place, "let the launch ask for more", "%s needs bytes %lld to %lld of the dynamic shared memory, the launch asked for %lld",
         name, (long long)(given_offset), (long long)(given_offset + n * int64_t(sizeof(T))), (long long)(bytes));
  }
  const size_t begin = kMostShared + size_t(given_offset), end = begin + size_t(n) * sizeof(T);
  for (int i = 0; i < block.n_arrays; ++i) {
    const SharedArray& array = block.arrays[i];
    if (array.offset == begin && array.bytes == end - begin && array.element == sizeof(T)) {
      return {reinterpret_cast<T*>(block.shared + begin), &array};
    }
    if (array.offset < end && begin < array.offset + array.bytes) {
      stop(place, "give every part bytes of its own (PGL_DYNAMIC_SHARED_PART), the same in all threads",
           "%s overlaps %s in the dynamic shared memory", name, array.name);
    }
  }
  return {reinterpret_cast<T*>(block.shared + begin), &add_array(nullptr, name, place, begin, size_t(n), sizeof(T))};
}

}  // namespace pgl::emulated

#endif
