// What the kernels of the plan "resident" are given (codegen/plan/resident_layout.py says where what lies; runtime/cuda/resident_records.py
// mirrors these records).
//
// Neurons are numbered over all populations. Number k is in block k % blocks, at place k / blocks: its thread there.
#ifndef PGL_RESIDENT_RECORDS_HPP
#define PGL_RESIDENT_RECORDS_HPP

#include "common/device.hpp"
#include "cuda/records.hpp"

namespace pgl::resident {

inline constexpr uint32_t kHead = 32;              // synapses at a computed address
inline constexpr uint32_t kQueue = 1024;           // spikes of a step that a block holds
inline constexpr uint32_t kMostPlaces = 1023;
inline constexpr uint32_t kMessageDistance = 8;    // messages between two, that is 128 bytes
inline constexpr uint32_t kMostReceptors = 4;
inline constexpr uint32_t kTailUnit = 4;           // synapses: tails begin at multiples

}  // namespace pgl::resident

struct pgl_resident_population {
  uint32_t start;     // the number of its first neuron
  uint32_t size;
  uint32_t kernels;   // number of its set of kernels
  int32_t inbox[pgl::resident::kMostReceptors];  // by receptor: which inbox; -1: nothing arrives there
  uint32_t reserved;
};

// A variable of a population that is recorded every `every` steps.
struct pgl_resident_sampler {
  uint32_t population, variable;  // place in its arrays
  uint32_t every, n;
  uint64_t rows;
  const uint32_t* places;         // [size] where in a row the neuron's value goes; all ones: nowhere
  void* out;                      // real [rows][n]
};

// What a block says at the end.
struct pgl_resident_end {
  int64_t done;        // steps; the same in all blocks
  int64_t fault_step;  // -1: none
  uint64_t fault;      // the least (population << 40 | neuron << 8 | variable) of that step
  uint32_t spikes;     // in its log
  uint32_t heard;      // whether some block told of a fault: nothing has been stored then
};

struct pgl_resident {
  const pgl_card* card;
  const pgl_instance* instance;
  const pgl_resident_population* populations;
  const pgl_resident_sampler* samplers;
  const void* heads;             // [blocks][numbers][kHead] synapses
  const uint64_t* tails_at;      // [blocks][numbers] where the tail begins, in units, << 24 | synapses
  const void* tails;
  pgl::Message* messages;        // [buffers][blocks], kMessageDistance apart
  uint32_t* spilled;             // [buffers][blocks][places] who spiked, where a message cannot hold them
  uint64_t* log;                 // [blocks][log_room] spikes: step since `first` << 32 | place
  pgl_resident_end* ends;        // [blocks]
  int64_t first;                 // step
  uint32_t steps;                // at most
  uint32_t tag;                  // of the message about the spikes at t_first; the next has the next one, and so on
  uint32_t n_populations, n_samplers;
  uint32_t places, numbers;
  uint32_t columns;              // sums of a step: `places` for each receptor
  uint32_t slots_mask;           // of the ring
  uint32_t log_room;             // of a block, at least 3 x places
  uint32_t sample_every;         // every sampler's steps are multiples of it
  uint32_t weight_shift;         // of synapses of 4 bytes
  uint32_t reserved;
};

namespace pgl::resident {

// Finds the population of a number; false: the place is left free.
PGL_DEVICE bool find_neuron(const pgl_resident& args, uint32_t number, uint32_t& population, uint32_t& index) {
  for (uint32_t p = 0; p < args.n_populations; ++p) {
    const pgl_resident_population& of = args.populations[p];
    if (number < of.start || number - of.start >= of.size) continue;
    population = p;
    index = number - of.start;
    return true;
  }
  return false;
}

}  // namespace pgl::resident

#endif
