// One value of many neurons: sums, maxima, who fires first, winners. In an order that depends on neither shards nor
// threads: blocks of 64 neurons of the population, then blocks ascending.
#ifndef PGL_REDUCTION_HPP
#define PGL_REDUCTION_HPP

#include <stdint.h>

#include "abi.h"
#include "error.hpp"
#include "list.hpp"
#include "engine.hpp"
#include "population.hpp"
#include "schedule.hpp"

namespace pgl {

class Reduction final : public AnyReduction {
 public:
  PGL_COLD Reduction(const pgl_reduction& what, uint32_t size, size_t shards, uint32_t real_bytes)
      : what_(what), real_bytes_(real_bytes) {
    if (what.begin >= what.end || what.end > size) throw Error("a reduction over neurons %u to %u of %u", what.begin, what.end, size);
    const bool of_values = what.how <= PGL_REDUCE_MAX || what.how == PGL_REDUCE_WINNERS;
    if (what.how < 0 || what.how > PGL_REDUCE_WINNERS) throw Error("a reduction of unknown kind %d", what.how);
    if (of_values && what.values == nullptr) throw Error("a reduction needs values");
    if (what.how == PGL_REDUCE_WINNERS) {
      const uint64_t places = uint64_t{what.channels} * what.height * what.width;
      if (what.mask == nullptr) throw Error("winners need a mask");
      if (places != what.end - what.begin) throw Error("a map of %u x %u x %u does not hold the neurons", what.channels, what.height, what.width);
    }
    for (size_t s = 0; s < shards; ++s) {
      values_.push(of_values ? static_cast<const Byte*>(what.values[s]) : nullptr);
      masks_.push(what.mask == nullptr ? nullptr : static_cast<Byte*>(what.mask[s]));
    }
    if (what.how <= PGL_REDUCE_MAX) {
      blocks_.resize((what.end - 1) / PGL_BLOCK + 1);
      if (what.how == PGL_REDUCE_MAX) at_.resize(blocks_.size());
    }
  }

  void gather(const PopulationShard& part, uint32_t shard) override {
    if (blocks_.empty()) return;
    const uint32_t first = part.begin > what_.begin ? part.begin : what_.begin;
    const uint32_t end = part.begin + part.count < what_.end ? part.begin + part.count : what_.end;
    for (uint32_t begin = first; begin < end;) {
      const uint32_t block = begin / PGL_BLOCK;
      const uint32_t stop = (block + 1) * PGL_BLOCK < end ? (block + 1) * PGL_BLOCK : end;
      if (what_.how == PGL_REDUCE_MAX) {
        largest(part, shard, block, begin, stop);
      } else {
        double sums[4] = {};  // of every fourth neuron
        for (uint32_t i = begin; i < stop; ++i) sums[i % 4] += value(shard, i - part.begin);
        blocks_[block] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      }
      begin = stop;
    }
  }

  void finish(const List<Shard>& shards, uint32_t population) override {
    double value = 0.0, index = -1.0;
    const uint32_t first = what_.begin / PGL_BLOCK;
    switch (what_.how) {
      case PGL_REDUCE_SUM:
      case PGL_REDUCE_MEAN:
        for (size_t b = first; b < blocks_.size(); ++b) value += blocks_[b];
        if (what_.how == PGL_REDUCE_MEAN) value /= what_.end - what_.begin;
        break;
      case PGL_REDUCE_MAX:
        value = blocks_[first];
        index = at_[first];
        for (size_t b = first + size_t{1}; b < blocks_.size(); ++b) {
          if (!(blocks_[b] > value)) continue;
          value = blocks_[b];
          index = at_[b];
        }
        break;
      case PGL_REDUCE_WINNERS:
        value = choose_winners(shards, population);
        break;
      default:
        for (const auto& shard : shards) {
          for (const uint32_t neuron : shard.populations[population].latest) {
            if (neuron < what_.begin || neuron >= what_.end) continue;
            if (index < 0.0) index = neuron;
            value += 1.0;
          }
        }
    }
    if (what_.value != nullptr) *what_.value = what_.add != 0 ? *what_.value + value : value;
    // Who was first stays first until the host, or a kernel, writes -1.
    if (what_.index != nullptr && !(what_.how == PGL_REDUCE_FIRST && *what_.index >= 0.0)) *what_.index = index;
  }

 private:
  double value(uint32_t shard, size_t local) const {
    return real_bytes_ == 8 ? reinterpret_cast<const double*>(values_[shard])[local]
                            : static_cast<double>(reinterpret_cast<const float*>(values_[shard])[local]);
  }
  void mark(uint32_t shard, size_t local, bool winner) const {
    if (real_bytes_ == 8) {
      reinterpret_cast<double*>(masks_[shard])[local] = winner ? 1.0 : 0.0;
    } else {
      reinterpret_cast<float*>(masks_[shard])[local] = winner ? 1.0f : 0.0f;
    }
  }

  // Of equal ones the first.
  void largest(const PopulationShard& part, uint32_t shard, uint32_t block, uint32_t begin, uint32_t stop) {
    blocks_[block] = value(shard, begin - part.begin);
    at_[block] = begin;
    for (uint32_t i = begin + 1; i < stop; ++i) {
      const double here = value(shard, i - part.begin);
      if (!(here > blocks_[block])) continue;
      blocks_[block] = here;
      at_[block] = i;
    }
  }

  // Again and again the largest value above the least one that counts, among those that no winner before inhibits: a
  // winner inhibits its whole channel, and all channels around its place. Returns how many there are.
  double choose_winners(const List<Shard>& shards, uint32_t population) {
    all_.clear();
    for (uint32_t s = 0; s < shards.size(); ++s) {
      const PopulationShard& part = shards[s].populations[population];
      for (uint32_t k = 0; k < part.count; ++k) {
        const uint32_t neuron = part.begin + k;
        if (neuron < what_.begin || neuron >= what_.end) continue;
        all_.push(value(s, k));
      }
    }
    inhibited_.assign(all_.size(), 0);
    uint32_t found = 0;
    for (; found < what_.winners; ++found) {
      uint32_t best = UINT32_MAX;
      for (uint32_t k = 0; k < all_.size(); ++k) {
        if (inhibited_[k] == 0 && all_[k] > what_.least && (best == UINT32_MAX || all_[k] > all_[best])) best = k;
      }
      if (best == UINT32_MAX) break;
      inhibit(best);
      inhibited_[best] = kWinner;
    }
    for (uint32_t s = 0; s < shards.size(); ++s) {
      const PopulationShard& part = shards[s].populations[population];
      for (uint32_t k = 0; k < part.count; ++k) {
        const uint32_t neuron = part.begin + k;
        if (neuron >= what_.begin && neuron < what_.end) mark(s, k, inhibited_[neuron - what_.begin] == kWinner);
      }
    }
    return found;
  }
  void inhibit(uint32_t winner) {
    const int64_t area = int64_t{what_.height} * what_.width, width = what_.width;
    const int64_t channel = winner / area, row = winner % area / width, column = winner % width, radius = what_.radius;
    for (int64_t k = 0; k < static_cast<int64_t>(all_.size()); ++k) {
      const int64_t down = k % area / width - row, across = k % width - column;
      const bool near = radius >= 0 && down <= radius && -down <= radius && across <= radius && -across <= radius;
      if ((k / area == channel || near) && inhibited_[static_cast<size_t>(k)] == 0) inhibited_[static_cast<size_t>(k)] = 1;
    }
  }

  static constexpr Byte kWinner = 2;

  pgl_reduction what_;
  uint32_t real_bytes_;
  List<const Byte*> values_;
  List<Byte*> masks_;
  List<double> blocks_;  // by block of the population
  List<uint32_t> at_;
  List<double> all_;  // of winners
  List<Byte> inhibited_;
};

inline AnyReduction* make_reduction(const pgl_engine& engine, const pgl_reduction& what, uint32_t population) {
  return new Reduction(what, engine.populations[population].size, engine.shards().size(), engine.real_bytes);
}

}  // namespace pgl

#endif
