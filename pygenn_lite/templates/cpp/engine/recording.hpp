// Recording: every shard appends to lists of its own, which are merged when the host asks for them.
#ifndef PGL_RECORDING_HPP
#define PGL_RECORDING_HPP

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "list.hpp"

namespace pgl {

// Spikes of the neurons begin, begin + stride, ... of one population.
class SpikeRecorder {
 public:
  SpikeRecorder(uint32_t shards, uint32_t begin, uint32_t end, uint32_t stride)
      : begin_(begin), end_(end), stride_(stride), parts_(shards) {}

  // spikes: ascending population indices of one shard, at time t_step.
  void append(uint32_t shard, int64_t step, const uint32_t* spikes, uint32_t n) {
    if (n == 0) return;
    Part& part = parts_[shard];
    part.indices.resize(part.counted());  // drops what an append that ran out of memory may have left
    const uint32_t* first = first_not_below(spikes, spikes + n, begin_);
    const uint32_t* last = first_not_below(first, spikes + n, end_);
    if (stride_ == 1) {
      part.indices.append(first, static_cast<size_t>(last - first));
    } else {
      for (; first != last; ++first) {
        if ((*first - begin_) % stride_ == 0) part.indices.push(*first);
      }
    }
    if (part.indices.size() != part.counted()) part.runs.push(Run{step, part.indices.size()});
  }

  int64_t count() const {
    size_t n = 0;
    for (const Part& part : parts_) n += part.counted();
    return static_cast<int64_t>(n);
  }

  // Shards hold ascending ranges of neurons, so within a step their lists follow one another in order of index.
  void drain(int64_t* steps, uint32_t* indices) {
    List<size_t> at(parts_.size());
    for (;;) {
      int64_t step = INT64_MAX;
      for (size_t s = 0; s < parts_.size(); ++s) {
        if (at[s] < parts_[s].runs.size()) step = parts_[s].runs[at[s]].step < step ? parts_[s].runs[at[s]].step : step;
      }
      if (step == INT64_MAX) break;
      for (size_t s = 0; s < parts_.size(); ++s) {
        const Part& part = parts_[s];
        if (at[s] == part.runs.size() || part.runs[at[s]].step != step) continue;
        const size_t from = at[s] == 0 ? 0 : part.runs[at[s] - 1].end;
        const size_t n = part.runs[at[s]].end - from;
        memcpy(indices, part.indices.data() + from, n * sizeof *indices);
        for (size_t k = 0; k < n; ++k) steps[k] = step;
        indices += n;
        steps += n;
        ++at[s];
      }
    }
    clear();
  }

  void forget_after(int64_t last_step) {
    for (Part& part : parts_) {
      while (!part.runs.empty() && part.runs.back().step > last_step) part.runs.pop();
      part.indices.resize(part.counted());
    }
  }
  void clear() {
    for (Part& part : parts_) part = Part();
  }

 private:
  struct Run {  // the spikes of one step end at `end`
    int64_t step;
    size_t end;
  };
  struct alignas(64) Part {
    List<uint32_t> indices;
    List<Run> runs;
    size_t counted() const { return runs.empty() ? 0 : runs.back().end; }
  };
  uint32_t begin_, end_, stride_;
  List<Part> parts_;
};

// A variable of some neurons (ascending indices), sampled at every step that `every` divides.
class VariableRecorder {
 public:
  VariableRecorder(const List<uint32_t>& shard_begin, void* const* bases, const uint32_t* indices, uint32_t n,
                   uint32_t every, uint32_t real_bytes)
      : columns_(n), every_(every), real_bytes_(real_bytes), parts_(shard_begin.size() - 1) {
    const uint32_t* from = indices;
    for (size_t s = 0; s < parts_.size(); ++s) {
      const uint32_t* to = first_not_below(from, indices + n, shard_begin[s + 1]);
      parts_[s].base = static_cast<const Byte*>(bases[s]);
      for (; from != to; ++from) parts_[s].local.push(*from - shard_begin[s]);
      const List<uint32_t>& local = parts_[s].local;
      parts_[s].adjacent = !local.empty() && local.back() - local.front() == local.size() - 1;  // they ascend
    }
  }

  void sample(uint32_t shard, int64_t step) {
    if (step % every_ != 0) return;
    Part& part = parts_[shard];
    const size_t width = part.local.size() * real_bytes_;
    part.values.resize((part.steps.size() + 1) * width);
    Byte* out = part.values.data() + part.steps.size() * width;
    if (part.adjacent) {
      memcpy(out, part.base + size_t{part.local.front()} * real_bytes_, width);
    } else if (real_bytes_ == 8) {
      gather<uint64_t>(part, out);
    } else {
      gather<uint32_t>(part, out);
    }
    part.steps.push(step);
  }

  int64_t count() const {
    // The same in all shards, unless a run broke off for want of memory.
    size_t rows = SIZE_MAX;
    for (const Part& part : parts_) rows = part.steps.size() < rows ? part.steps.size() : rows;
    return static_cast<int64_t>(rows);
  }

  void drain(int64_t* steps, void* values) {
    const size_t rows = static_cast<size_t>(count());
    memcpy(steps, parts_.front().steps.data(), rows * sizeof *steps);
    Byte* out = static_cast<Byte*>(values);
    size_t offset = 0;
    for (const Part& part : parts_) {
      const size_t width = part.local.size() * real_bytes_;
      if (width == 0) continue;
      for (size_t row = 0; row < rows; ++row) {
        memcpy(out + row * columns_ * real_bytes_ + offset, part.values.data() + row * width, width);
      }
      offset += width;
    }
    clear();
  }

  void forget_after(int64_t last_step) {
    for (Part& part : parts_) {
      while (!part.steps.empty() && part.steps.back() > last_step) part.steps.pop();
      part.values.resize(part.steps.size() * part.local.size() * real_bytes_);
    }
  }
  void clear() {
    for (Part& part : parts_) {
      part.values = {};
      part.steps = {};
    }
  }

 private:
  struct alignas(64) Part {
    const Byte* base = nullptr;
    List<uint32_t> local;
    bool adjacent = false;  // neurons side by side, as all of them are
    List<Byte> values;
    List<int64_t> steps;
  };

  template <class Word>  // bits are copied, so one unsigned word stands for either kind of number
  static void gather(const Part& part, Byte* out) {
    for (const uint32_t i : part.local) {
      memcpy(out, part.base + i * sizeof(Word), sizeof(Word));
      out += sizeof(Word);
    }
  }

  size_t columns_;
  uint32_t every_, real_bytes_;
  List<Part> parts_;
};

}  // namespace pgl

#endif
