// What the builder's kernels are given. Mirrored in runtime/cuda/build_records.py.
#ifndef PGL_CUDA_BUILD_RECORDS_HPP
#define PGL_CUDA_BUILD_RECORDS_HPP

#include "cuda/engine/drawn.hpp"
#include "cuda/real.hpp"

enum pgl_count_kind {
  PGL_COUNT_KNOWN = 0,   // by `number` or by the rule
  PGL_COUNT_GAPS = 1,
  PGL_COUNT_TOTAL = 2,   // shared out among the rows
  PGL_COUNT_TURNED = 3,  // drawn by target: `number` of sources each
  PGL_COUNT_GIVEN = 4    // row_begin is there
};

// What is found out about a group: read by the host.
struct pgl_found {
  uint64_t synapses;
  uint64_t largest;            // size of a weight: the bits of a double
  uint32_t low_word, high_word;    // of delays
  uint32_t low_delay, high_delay;  // steps, of stored synapses
};

// One group that is laid down. NULL: not wanted. Mirrored in runtime/cuda/build_records.py.
struct pgl_build {
  pgl_drawn drawn;
  uint64_t total;          // of PGL_COUNT_TOTAL
  uint64_t in_universe;    // neurons that sources are drawn of, where a target draws them
  uint32_t* row_begin;     // [n_source + 1]
  uint32_t* turned;        // targets of rows that were drawn by target
  uint32_t* cursor;        // [n_source] or [n_target], zeros: how many of each have been placed
  uint32_t* targets;
  uint16_t* delays;
  real* weights;           // by position; of a matrix [n_source][columns]
  uint16_t* codes;
  uint32_t* sources;
  uint8_t* present;        // [n_source][columns]
  double* loss;            // [n_source][2] of codes: sizes of all weights, of all changes by rounding
  uint32_t* post_begin;    // [n_target + 1]
  uint32_t* post_position;
  uint32_t* post_source;
  pgl_found* found;
  // Room to work in: of each of `slots` threads that work on this group.
  uint32_t* places;        // [delays][slots]
  uint64_t* set;           // [words of 64 neurons][slots]
  uint32_t slots;
  uint32_t count;          // pgl_count_kind
  uint32_t number;         // of each row (or target)
  uint32_t repeats;        // 1: a target draws a source several times
  uint32_t least_delay;    // of those that may be drawn, and how many there are from it on
  uint32_t n_delays;
  uint32_t columns;        // of a matrix; 0: none
  int32_t code_kind;
  double code_scale;
  uint32_t by_warp;        // 1: rows are counted and laid down by a warp each, not by a thread
  uint32_t reserved;
};

struct pgl_building {
  const pgl_build* builds;
  uint32_t level;
  uint32_t reserved;
};

// Numbers to be summed up: each becomes the sum of those before it, values[n] that of all.
struct pgl_summing {
  uint32_t* values;    // [n + 1]
  uint64_t* stretches;  // [(n + 127) / 128 + 1]
  uint64_t* total;
  uint64_t n;
};
struct pgl_sums_up {
  const pgl_summing* of;
};

#endif
