// A synapse of a row's slice: its weight in whole numbers, how many steps after sending it is added, and to which sum of the
// block. In 8 bytes, or in 4 where all weights are multiples of one power of two that 16 bits hold, and delays and sums are
// few.
//
// The last synapse of a head may stand for a tail instead: its column is kTail then, and its weight says whether the tail is
// needed at once.
#ifndef PGL_RESIDENT_SYNAPSE_HPP
#define PGL_RESIDENT_SYNAPSE_HPP

#include "common/device.hpp"

namespace pgl::resident {

struct WideSynapse {
  using Word = uint64_t;
  static constexpr uint32_t kTail = 0xffffu;

  static PGL_DEVICE Word word(int32_t weight, uint32_t delay, uint32_t column, uint32_t) {
    return uint64_t(uint32_t(weight)) << 32 | delay << 16 | column;
  }
  static PGL_DEVICE int32_t weight(Word word, uint32_t) { return int32_t(word >> 32); }
  static PGL_DEVICE uint32_t delay(Word word) { return uint32_t(word) >> 16; }
  static PGL_DEVICE uint32_t column(Word word) { return uint32_t(word) & 0xffffu; }
};

struct PackedSynapse {
  using Word = uint32_t;
  static constexpr uint32_t kTail = 0x3ffu;

  static PGL_DEVICE Word word(int32_t weight, uint32_t delay, uint32_t column, uint32_t shift) {
    return uint32_t(weight >> shift) << 16 | delay << 10 | column;
  }
  static PGL_DEVICE int32_t weight(Word word, uint32_t shift) {
    return int32_t(uint32_t(int32_t(word) >> 16) << shift);
  }
  static PGL_DEVICE uint32_t delay(Word word) { return word >> 10 & 0x3fu; }
  static PGL_DEVICE uint32_t column(Word word) { return word & 0x3ffu; }
};

}  // namespace pgl::resident

#endif
