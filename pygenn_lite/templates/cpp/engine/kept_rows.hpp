// Rows whose targets counting has drawn, kept for filling as long as they are few: drawing them takes longer than all
// else that is done to a small store, and large stores have no room for a second copy.
#ifndef PGL_KEPT_ROWS_HPP
#define PGL_KEPT_ROWS_HPP

#include <stdint.h>

#include "list.hpp"
#include "rows.hpp"

namespace pgl {

class KeptRows {
 public:
  KeptRows(uint32_t threads, uint32_t rows) : drawn_(threads) { places_.assign(rows, kNowhere); }

  void keep(uint32_t worker, uint32_t r, Row& row) {
    List<uint32_t>& mine = drawn_[worker];
    if (mine.size() + row.groups() + row.size() > kMost) return;
    places_[r] = uint64_t(worker) << 32 | mine.size();
    mine.append(row.group_ends(), row.groups());
    mine.append(row.targets(), row.size());
  }

  // Makes the targets of a row: those that were kept, or anew.
  void make_targets(uint32_t r, Row& row) const {
    if (places_[r] == kNowhere)
      row.make_targets(r);
    else
      row.take_targets(r, drawn_[places_[r] >> 32].data() + uint32_t(places_[r]));
  }

 private:
  static constexpr uint64_t kNowhere = ~uint64_t(0);
  static constexpr size_t kMost = size_t(1) << 20;  // numbers that each worker keeps: 4 MiB
  List<List<uint32_t>> drawn_;
  List<uint64_t> places_;
};

}  // namespace pgl

#endif
