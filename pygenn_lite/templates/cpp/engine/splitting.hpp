// A fixed total number of synapses shared out among the rows by one thread (common/splitting.hpp).
#ifndef PGL_SHARED_OUT_HPP
#define PGL_SHARED_OUT_HPP

#include <stdint.h>

#include "common/splitting.hpp"

namespace pgl {

class Splitter {
 public:
  // room: the pairs of one row, of which each may be taken once; 0 where they may be taken repeatedly.
  Splitter(uint64_t seed, uint32_t stream, uint64_t room, uint32_t* degree)
      : seed_(seed), stream_(stream), room_(room), degree_(degree) {}

  void split(uint32_t begin, uint32_t end, int64_t n) {
    if (end - begin == 1) {
      degree_[begin] = uint32_t(n);
      return;
    }
    const uint32_t middle = begin + (end - begin) / 2;
    const int64_t left = split_left(seed_, stream_, room_, begin, end, n);
    split(begin, middle, left);
    split(middle, end, n - left);
  }

 private:
  uint64_t seed_;
  uint32_t stream_;
  uint64_t room_;
  uint32_t* degree_;
};

}  // namespace pgl

#endif
