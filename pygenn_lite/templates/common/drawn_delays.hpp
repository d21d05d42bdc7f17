// The delay that a random word stands for. A delay is a number of steps, so its distribution is a short list of thresholds:
// the word at which each further step begins. One look into a guide of 256 cells finds nearly every delay; it is exact to
// 2^-32, and costs the same for every distribution.
#ifndef PGL_DRAWN_DELAYS_HPP
#define PGL_DRAWN_DELAYS_HPP

#include "language.hpp"
#include "records.h"

namespace pgl {

// The first of the ascending numbers from begin to end that is not below x.
PGL_FUNCTION const uint32_t* first_threshold(const uint32_t* begin, const uint32_t* end, uint32_t x) {
  while (begin < end) {
    const uint32_t* middle = begin + (end - begin) / 2;
    if (*middle < x)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin;
}

// By the thresholds alone. `word` has been turned.
PGL_NOINLINE uint16_t searched_delay(const pgl_delay_law& law, uint32_t word) {
  const uint32_t *begin = law.thresholds, *end = begin + law.n_thresholds;
  return uint16_t(law.first + ((word == 0xffffffffu ? end : first_threshold(begin, end, word + 1)) - begin));
}

// By the guide, where it suffices.
PGL_INLINE uint16_t delay_of_word(const pgl_delay_law& law, uint32_t given) {
  const uint32_t word = given ^ law.turn;
  const pgl_delay_cell cell = law.cells[word >> 24];
  uint16_t steps = uint16_t(cell.steps + ((word & 0xffffffu) >= cell.next ? 1 : 0));
  if (cell.several != 0) [[unlikely]]
    steps = searched_delay(law, word);
  return steps;
}

}  // namespace pgl

#endif
