// Spikes of a run, kept to be undone one after the other: what a backward schedule replays.
#ifndef PGL_TAPE_HPP
#define PGL_TAPE_HPP

#include <stdint.h>
#include <string.h>

#include "abi.h"
#include "error.hpp"
#include "list.hpp"
#include "memory.hpp"

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

  PGL_COLD void start(const pgl_tape* what, uint32_t shard, uint32_t shards, uint32_t begin) {
    stop();
    runs_ = true;
    begin_ = begin;
    room_ = what == nullptr ? UINT64_MAX : what->room;
    columns_.resize(what == nullptr ? 0 : what->n);
    for (uint32_t k = 0; k < columns_.size(); ++k) {
      columns_[k].from = static_cast<const Byte*>(what->values[k * shards + shard]);
      columns_[k].back = static_cast<Byte*>(what->back[k * shards + shard]);
    }
  }
  void stop() {
    runs_ = false;
    spikes_.clear();
    ends_.clear();
    for (Column& column : columns_) column.values.clear();
  }
  // The spikes at t_step, ascending. Called for one step after the other. `total` counts those of all shards.
  PGL_COLD void add(int64_t step, const List<uint32_t>& spikes, size_t real_bytes, uint64_t* total) {
    if (ends_.empty()) first_ = step;
    if (__atomic_add_fetch(total, spikes.size(), __ATOMIC_RELAXED) > room_) throw Error("the record of spikes is full");
    spikes_.append(spikes.data(), spikes.size());
    ends_.push(static_cast<uint32_t>(spikes_.size()));
    for (Column& column : columns_) {
      for (const uint32_t neuron : spikes) column.values.append(column.from + (neuron - begin_) * real_bytes, real_bytes);
    }
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
  size_t columns() const { return columns_.size(); }
  double value(uint32_t column, uint32_t spike, size_t real_bytes) const {
    const Byte* where = columns_[column].values.data() + spike * real_bytes;
    return real_bytes == 8 ? *reinterpret_cast<const double*>(where)
                           : static_cast<double>(*reinterpret_cast<const float*>(where));
  }
  // The values of these spikes back into the arrays of their neurons.
  void give_back(Range range, size_t real_bytes) const {
    for (const Column& column : columns_) {
      for (uint32_t spike = range.begin; spike < range.end; ++spike) {
        memcpy(column.back + (spikes_[spike] - begin_) * real_bytes, column.values.data() + spike * real_bytes, real_bytes);
      }
    }
  }

 private:
  struct Column {
    const Byte* from = nullptr;
    Byte* back = nullptr;
    List<Byte> values;
  };

  bool runs_ = false;
  uint32_t begin_ = 0;
  int64_t first_ = 0;  // step of the first entry
  uint64_t room_ = UINT64_MAX;
  List<uint32_t> spikes_, ends_;
  List<Column> columns_;
};

}  // namespace pgl

#endif
