// What one shard's neurons fire in a block of steps, which all shards read when the block is over. Where there are several
// workers, they read it as a message, and waiting for the messages of all others is also what keeps workers in step; no other
// barrier exists.
#ifndef PGL_SPIKE_BLOCK_HPP
#define PGL_SPIKE_BLOCK_HPP

#include <stdint.h>
#include <string.h>

#include "error.hpp"
#include "list.hpp"
#include "memory.hpp"
#include "waiting.hpp"

namespace pgl {

struct SpikeEntry {
  const uint32_t* spikes;
  uint32_t n;
};

// Entry k * populations + p holds the spikes of population p at the block's step k. Touched by the worker that owns the
// shard only.
class SpikeBlock {
 public:
  void begin() {
    ends_.clear();
    spikes_.clear();
  }
  void append(const List<uint32_t>& spikes) {
    spikes_.append(spikes.data(), spikes.size());
    ends_.push(static_cast<uint32_t>(spikes_.size()));
  }
  void fit() noexcept {
    ends_.fit();
    spikes_.fit();
  }
  const List<uint32_t>& ends() const { return ends_; }  // of the entries
  const List<uint32_t>& spikes() const { return spikes_; }
  SpikeEntry operator[](uint32_t entry) const {
    const uint32_t begin = entry == 0 ? 0 : ends_[entry - 1];
    return {spikes_.data() + begin, ends_[entry] - begin};
  }

 private:
  List<uint32_t> ends_, spikes_;
};

// A block as other workers read it.
//
// A cache line takes 0.1 us from one worker to another, and a line that others poll must not be written word by word.
// So a block is drawn up apart and copied at the end; of a small network it arrives in one line, together with the word
// that says it is there.
class SpikeMessage {
 public:
  // ------------------------------------------------------------------ by the worker that owns the shard

  void write(const SpikeBlock& block) {
    const size_t size = block.ends().size() + block.spikes().size();
    uint32_t* words = near_;
    if (size > kNear) {
      if (size > far_.size()) far_.reset(2 * size);
      words = far_.data();
    }
    copy(words, block.ends());
    copy(words + block.ends().size(), block.spikes());
    words_ = words;
    entries_ = static_cast<uint32_t>(block.ends().size());
  }
  // Gives back what only a longer message needs.
  void fit() noexcept {
    if (words_ != far_.data()) far_.reset(0);
  }
  // The message of block `number` is there. All who read it learn whether its writer wishes to stop after it.
  void send(uint32_t number, bool stop) {
    const uint32_t before = __atomic_exchange_n(&word_, tag(number) | (stop ? kStop : 0u), __ATOMIC_SEQ_CST);
    if ((before & kAsleep) != 0) wake_sleepers(&word_);
  }

  // ------------------------------------------------------------------ by all workers

  // Returns when block `number` has been sent: whether its writer wishes to stop. Looks again at most `patience`
  // times (which it counts down) before it sleeps; who has slept runs `rested`.
  template <class Rested>
  bool wait_for(uint32_t number, uint32_t& patience, Rested&& rested) {
    uint32_t word = __atomic_load_n(&word_, __ATOMIC_ACQUIRE);
    for (; (word & kNumber) != tag(number) && patience != 0; --patience) {
      cpu_pause();
      word = __atomic_load_n(&word_, __ATOMIC_ACQUIRE);
    }
    if ((word & kNumber) != tag(number)) [[unlikely]] {
      word = sleep_until_sent(number, word);
      rested();
    }
    return (word & kStop) != 0;
  }
  SpikeEntry operator[](uint32_t entry) const {
    const uint32_t begin = entry == 0 ? 0 : words_[entry - 1];
    return {words_ + entries_ + begin, words_[entry] - begin};
  }

 private:
  static constexpr size_t kNear = 60;  // words; with what stands before them, four lines
  // The word holds the number of the block above these two bits.
  static constexpr uint32_t kAsleep = 1, kStop = 2, kNumber = ~uint32_t{3};

  static uint32_t tag(uint32_t number) { return number << 2; }

  static void copy(uint32_t* to, const List<uint32_t>& from) {
    if (!from.empty()) memcpy(to, from.data(), from.size() * sizeof(uint32_t));
  }

  // Who sleeps says so in the word on which it sleeps, so the writer, exchanging it, cannot miss it.
  PGL_COLD uint32_t sleep_until_sent(uint32_t number, uint32_t word) {
    while ((word & kNumber) != tag(number)) {
      if ((word & kAsleep) != 0 || __atomic_compare_exchange_n(&word_, &word, word | kAsleep, false, __ATOMIC_SEQ_CST,
                                                               __ATOMIC_ACQUIRE)) {
        sleep_while(&word_, word | kAsleep);
        word = __atomic_load_n(&word_, __ATOMIC_ACQUIRE);
      }
    }
    return word;
  }

  alignas(64) uint32_t word_ = 0;
  uint32_t entries_ = 0;
  const uint32_t* words_ = near_;  // where each entry ends, then the spikes, all in one piece
  uint32_t near_[kNear];
  HugeArray<uint32_t> far_;  // a place for a long one
};

}  // namespace pgl

#endif
