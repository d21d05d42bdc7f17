// Spikes of a run, kept to be undone one after the other: what a backward schedule replays.
#ifndef PGL_TAPE_HPP
#define PGL_TAPE_HPP

#include <stdint.h>
#include <string.h>

#include "abi.h"
#include "error.hpp"
#include "list.hpp"
#include "memory.hpp"
#include "rare.hpp"

namespace pgl {

// Of one population on one shard. Hardly an engine keeps one: there may be thousands that do not.
class Tape {
 public:
  struct Range {
    uint32_t begin, end;
  };

  bool runs() const { return kept_ && kept_->runs; }
  size_t size() const { return kept_ ? kept_->spikes.size() : 0; }
  uint32_t operator[](size_t k) const { return kept_->spikes[k]; }
  const uint32_t* data() const { return kept_ ? kept_->spikes.data() : nullptr; }

  PGL_COLD void start(const pgl_tape* what, uint32_t shard, uint32_t shards, uint32_t begin) {
    stop();
    Kept& kept = kept_.made();
    kept.runs = true;
    kept.begin = begin;
    kept.room = what == nullptr ? UINT64_MAX : what->room;
    kept.columns.resize(what == nullptr ? 0 : what->n);
    for (uint32_t k = 0; k < kept.columns.size(); ++k) {
      kept.columns[k].from = static_cast<const Byte*>(what->values[k * shards + shard]);
      kept.columns[k].back = static_cast<Byte*>(what->back[k * shards + shard]);
    }
  }
  void stop() {
    if (!kept_) return;
    kept_->runs = false;
    kept_->spikes.clear();
    kept_->ends.clear();
    for (Column& column : kept_->columns) column.values.clear();
  }
  // The spikes at t_step, ascending. Called for one step after the other. `total` counts those of all shards.
  PGL_COLD void add(int64_t step, const List<uint32_t>& spikes, size_t real_bytes, uint64_t* total) {
    Kept& kept = *kept_;
    if (kept.ends.empty()) kept.first = step;
    if (__atomic_add_fetch(total, spikes.size(), __ATOMIC_RELAXED) > kept.room) throw Error("the record of spikes is full");
    kept.spikes.append(spikes.data(), spikes.size());
    kept.ends.push(static_cast<uint32_t>(kept.spikes.size()));
    for (Column& column : kept.columns) {
      for (const uint32_t neuron : spikes) column.values.append(column.from + (neuron - kept.begin) * real_bytes, real_bytes);
    }
  }
  // Where the spikes at t_step stand; nothing before the tape began.
  Range at(int64_t step) const {
    if (!covers(step)) return {0, 0};
    const auto k = static_cast<size_t>(step - kept_->first);
    return {k == 0 ? 0 : kept_->ends[k - 1], kept_->ends[k]};
  }
  bool covers(int64_t step) const {
    return kept_ && !kept_->ends.empty() && step >= kept_->first &&
           step < kept_->first + static_cast<int64_t>(kept_->ends.size());
  }
  size_t columns() const { return kept_ ? kept_->columns.size() : 0; }
  double value(uint32_t column, uint32_t spike, size_t real_bytes) const {
    const Byte* where = kept_->columns[column].values.data() + spike * real_bytes;
    return real_bytes == 8 ? *reinterpret_cast<const double*>(where)
                           : static_cast<double>(*reinterpret_cast<const float*>(where));
  }
  // The values of these spikes back into the arrays of their neurons.
  void give_back(Range range, size_t real_bytes) const {
    for (const Column& column : kept_->columns) {
      for (uint32_t spike = range.begin; spike < range.end; ++spike) {
        memcpy(column.back + (kept_->spikes[spike] - kept_->begin) * real_bytes, column.values.data() + spike * real_bytes,
               real_bytes);
      }
    }
  }

 private:
  struct Column {
    const Byte* from = nullptr;
    Byte* back = nullptr;
    List<Byte> values;
  };
  struct Kept {
    bool runs = false;
    uint32_t begin = 0;
    int64_t first = 0;  // step of the first entry
    uint64_t room = UINT64_MAX;
    List<uint32_t> spikes, ends;
    List<Column> columns;
  };

  Rare<Kept> kept_;
};

}  // namespace pgl

#endif
