// What kernels are given about inputs and trains: parts of the C ABI (cpp/engine/abi.h) that functions of this folder read.
// Mirrored in runtime/cpp/abi.py.
#ifndef PGL_RECORDS_H
#define PGL_RECORDS_H

#include "integers.h"

// Poisson counts of one input. kind 0: one rate for all, alias table; 1: one rate for all, large;
// 2: a rate per neuron (`rates` is offset to the shard's first neuron).
typedef struct pgl_poisson {
  int32_t kind;
  uint32_t stream;           // random stream of this input
  double rate;               // expected count per step (kinds 0 and 1)
  const double* rates;       // kind 2
  const uint32_t* threshold; // kind 0: alias table of 32 entries, see poisson.hpp
  const uint32_t* alias;
} pgl_poisson;

// A current that changes in time: value row k holds for steps in [begin[k], begin[k+1]).
typedef struct pgl_timed {
  int64_t rows;
  const int64_t* begin;  // [rows], ascending; before begin[0] the current is 0
  const void* values;    // real [rows] or [rows, stride]
  int64_t stride;        // 0: shared by all neurons; else neurons of the population
} pgl_timed;

// Spikes that are followed by another of the same neuron at the same step, sorted by step, then source.
typedef struct pgl_repeats {
  uint64_t n;
  const int64_t* step;
  const uint32_t* source;
} pgl_repeats;

// How synapses are drawn.
enum pgl_distribution_kind {
  PGL_CONSTANT = 0, PGL_UNIFORM = 1, PGL_NORMAL = 2, PGL_TRUNCATED_NORMAL = 3, PGL_LOG_NORMAL = 4,
  PGL_EXPONENTIAL = 5, PGL_VALUES = 6  // values[k], k = position of the synapse in the explicit rule's order
};
enum pgl_rule_kind {
  PGL_ALL_TO_ALL = 0, PGL_ONE_TO_ONE = 1, PGL_FIXED_PROBABILITY = 2, PGL_FIXED_TOTAL = 3, PGL_FIXED_IN = 4,
  PGL_FIXED_OUT = 5, PGL_EXPLICIT = 6
};

// Delays that are drawn (drawn_delays.hpp), in steps.
typedef struct pgl_delay_cell {
  uint16_t steps;    // of the cell's first word
  uint16_t several;  // more than one threshold inside: search
  uint32_t next;     // where in the cell one step more begins; 2^24: nowhere
} pgl_delay_cell;
typedef struct pgl_delay_law {
  const uint32_t* thresholds;   // words from which first + 1, first + 2, ... steps are drawn
  const pgl_delay_cell* cells;  // [256]
  uint32_t n_thresholds;
  uint32_t turn;                // all ones: words are read from their other end (a negative factor)
  uint32_t first;               // shortest delay
  uint32_t reserved;
} pgl_delay_law;

#endif
