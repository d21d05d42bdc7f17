// Which neurons of a block need more than the plain update: bit q of word k stands for neuron 16 q + k, so that a loop
// over k handles neighbouring neurons side by side and one register holds the whole block.
#ifndef PGL_FLAGS_HPP
#define PGL_FLAGS_HPP

#include <stdint.h>

#include "common/language.hpp"
#include "cpp/engine/abi.h"

namespace pgl {

inline constexpr int kColumns = 16, kRows = PGL_BLOCK / kColumns;

// As wide as the numbers beside which they are computed.
template <class Real>
using Flags = typename Either<sizeof(Real) == 8, uint64_t, uint32_t>::Type;

// Lanes of a block that are worth an update where `left` neurons are left: whole rows.
inline int lanes_of(uint32_t left) {
  return left < PGL_BLOCK ? (int(left) + kColumns - 1) / kColumns * kColumns : PGL_BLOCK;
}

template <class Word>
inline bool any_of(const Word (&flags)[kColumns]) {
  // What compilers make of the loop below folds the register in four steps, which costs as much as the update of a
  // simple model.
#if defined(__AVX512F__)
  typedef uint32_t Register __attribute__((vector_size(64), may_alias));
  Register all = *reinterpret_cast<const Register*>(flags);
  if constexpr (sizeof(Word) == 8) all |= *reinterpret_cast<const Register*>(flags + 8);
  bool any;
  asm("vptestmd %1, %1, %%k7\n\tkortestw %%k7, %%k7" : "=@ccnz"(any) : "v"(all) : "k7");
  return any;
#elif defined(__AVX2__)
  typedef long long Register __attribute__((vector_size(32), may_alias));
  constexpr int kRegisters = sizeof flags / sizeof(Register);
  const Register* registers = reinterpret_cast<const Register*>(flags);
  Register all = registers[0];
  for (int k = 1; k < kRegisters; ++k) all |= registers[k];
  return !__builtin_ia32_ptestz256(all, all);
#else
  Word all = 0;
  for (const Word word : flags) all |= word;
  return all != 0;
#endif
}

// Forgets the flags of all neurons but the first `count`: behind the end of a shard stand some that belong to nobody, and
// would stay above the threshold once they are.
template <class Word>
inline void keep_first(Word (&flags)[kColumns], uint32_t count) {
  if (count >= PGL_BLOCK) return;
  for (int column = 0; column < kColumns; ++column) {
    const int rows = (int(count) - column + kColumns - 1) / kColumns;
    flags[column] &= (Word{1} << (rows > 0 ? rows : 0)) - 1;
  }
}

// One bit for each neuron.
template <class Word>
inline uint64_t flagged(const Word (&flags)[kColumns]) {
  uint64_t mask = 0;
  for (int column = 0; column < kColumns; ++column) {
    if (flags[column] == 0) continue;
    for (int row = 0; row < kRows; ++row) {
      mask |= (uint64_t(flags[column]) >> row & 1u) << (row * kColumns + column);
    }
  }
  return mask;
}

}  // namespace pgl

#endif
