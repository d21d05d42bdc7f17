// What one slice's neurons fire in a block of steps, as all slices read it when the block is over.
#ifndef PGL_SPIKE_BLOCK_HPP
#define PGL_SPIKE_BLOCK_HPP

#include <cstdint>
#include <cstring>
#include <utility>

#include "list.hpp"
#include "memory.hpp"

namespace pgl {

// Entry k * populations + p holds the spikes of population p at the block's step k. The words are: where each entry
// ends, then the spikes, all in one piece. A cache line takes 0.1 us from one worker to another; of a small network
// one line carries everything.
class SpikeBlock {
 public:
  struct Entry {
    const uint32_t* spikes;
    uint32_t n;
  };

  // Forgets the contents; so many entries will come.
  void begin(uint32_t entries) {
    if (entries > entries_) {
      words_.reset(entries + std::size_t{kRoom});
      entries_ = entries;
    }
    filled_ = count_ = 0;
  }
  void append(const List<uint32_t>& spikes) {
    const std::size_t end = std::size_t{entries_} + count_ + spikes.size();
    if (end > words_.size()) [[unlikely]] grow(end);
    if (!spikes.empty()) std::memcpy(words_.data() + entries_ + count_, spikes.data(), spikes.size() * sizeof(uint32_t));
    count_ += static_cast<uint32_t>(spikes.size());
    words_[filled_++] = count_;
  }
  Entry operator[](uint32_t entry) const {
    const uint32_t begin = entry == 0 ? 0 : words_[entry - 1];
    return {words_.data() + entries_ + begin, words_[entry] - begin};
  }

 private:
  static constexpr uint32_t kRoom = 256;

  PGL_COLD void grow(std::size_t size) {
    HugeArray<uint32_t> larger(2 * size);
    std::memcpy(larger.data(), words_.data(), words_.bytes());
    words_ = std::move(larger);
  }

  // Read by all, and written only when room runs out; then what only the owner needs.
  alignas(64) HugeArray<uint32_t> words_;
  uint32_t entries_ = 0;
  alignas(64) uint32_t filled_ = 0;
  uint32_t count_ = 0;
};

}  // namespace pgl

#endif
