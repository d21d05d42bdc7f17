// Spikes of a run, kept to be undone one after the other: what a backward schedule replays.
#ifndef PGL_TAPE_HPP
#define PGL_TAPE_HPP

#include <stdint.h>

#include "list.hpp"

namespace pgl {

// Of one population on one shard.
class Tape {
 public:
  struct Range {
    uint32_t begin, end;
  };

  bool runs() const { return runs_; }
  size_t size() const { return spikes_.size(); }
  uint32_t operator[](size_t k) const { return spikes_[k]; }
  const uint32_t* data() const { return spikes_.data(); }

  void start() {
    stop();
    runs_ = true;
  }
  void stop() {
    runs_ = false;
    spikes_.clear();
    ends_.clear();
  }
  // The spikes at t_step, ascending. Called for one step after the other.
  void add(int64_t step, const List<uint32_t>& spikes) {
    if (ends_.empty()) first_ = step;
    spikes_.append(spikes.data(), spikes.size());
    ends_.push(static_cast<uint32_t>(spikes_.size()));
  }
  // Where the spikes at t_step stand; nothing before the tape began.
  Range at(int64_t step) const {
    const int64_t k = step - first_;
    if (ends_.empty() || k < 0 || k >= static_cast<int64_t>(ends_.size())) return {0, 0};
    return {k == 0 ? 0 : ends_[static_cast<size_t>(k) - 1], ends_[static_cast<size_t>(k)]};
  }
  bool covers(int64_t step) const {
    return !ends_.empty() && step >= first_ && step < first_ + static_cast<int64_t>(ends_.size());
  }

 private:
  bool runs_ = false;
  int64_t first_ = 0;  // step of the first entry
  List<uint32_t> spikes_, ends_;
};

}  // namespace pgl

#endif
