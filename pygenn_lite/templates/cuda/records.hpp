// What kernels on a card are given: plain records in the card's memory, filled in by the host (runtime/cuda/records.py
// mirrors them). All pointers are addresses on the card. Sizes and numbers of neurons, spikes and synapses of a group fit 32
// bits.
#ifndef PGL_CUDA_RECORDS_HPP
#define PGL_CUDA_RECORDS_HPP

#include "common/records.h"

// A variable of a population as it was some steps ago: at step n of neuron i base[(n & mask) * stride + i], and as the k-th
// of the spikes in `repeats` left it repeated[k].
struct pgl_past {
  const void* state;  // the variable as it is now, real [stride]
  void* base;
  uint64_t stride, mask;
  const pgl_repeats* repeats;  // NULL: no neuron spikes twice in a step
  void* repeated;
};

// What arrives at one variable of a population, in whole numbers: sums depend on no order. To the variable the sum divided
// by per_unit is added.
struct pgl_inbox {
  void* variable;    // real [count]
  int64_t* later;    // [mask + 1][count]: what static synapses add, in the slot of the step at which it arrives; NULL: none do
  int64_t* now;      // [count]: what kernels over synapses add within an operation; NULL: none do
  uint64_t mask;
  double per_unit;   // whole numbers per unit of the variable: a power of two
  int64_t largest;   // a sum that lies beyond is a fault
  int32_t number;    // of the sum: the fault's variable is -1 - number
  uint32_t reserved;
};

// One population of one instance.
struct pgl_population {
  void* const* arrays;      // variables of each neuron, in the order of the kernels' signature
  double* scalars;          // shared ones, in that order
  const pgl_poisson* poisson;
  const pgl_timed* timed;
  uint64_t seed;
  double dt;                // ms
  uint32_t count;           // neurons
  uint32_t stream;          // of random numbers
  // Spikes: those at t_n stand, in no particular order, in row n & slots_mask.
  uint32_t* spikes;         // [slots][room]
  uint32_t* spike_counts;   // [slots]
  uint32_t slots_mask;
  uint32_t room;            // at least the most spikes of a step
  // A spike source's train, sorted by step, then neuron.
  const int64_t* train_steps;
  const uint32_t* train_neurons;
  uint64_t train_size;
  int32_t has_train;        // 1: nobody spikes but by the train
  uint32_t number;          // of the population, as faults count them
  uint32_t* totals;         // [count] spikes of each neuron since the start
  uint64_t* total;          // of all of them
  const pgl_past* past;     // variables that synapses read with a delay
  const pgl_inbox* inboxes;
  uint32_t n_past, n_inboxes;
  uint8_t* marks;           // [count], all 0 between operations; NULL unless an operation needs it
  uint64_t* train_next;     // of a train: its first entry that has not been brought up, [1]; NULL: it is looked for
};

// One synapse group of one instance. The synapses of a source neuron (a row) stand side by side, by delay, then as they were
// drawn; of a matrix all pairs, rows source, columns target.
struct pgl_synapses {
  void* const* variables;   // of each synapse by position, in the order of the signature ("weight" first); static groups: the weight
  void* const* post;        // variables of target neurons, in the order of the signature
  const pgl_past* const* pre;  // of source neurons
  const pgl_inbox* const* inboxes;  // by entry of `post` (NULL: nothing is added to it); static groups: the one they add to
  double* scalars;
  const pgl_population* source;
  const pgl_population* target;
  const uint32_t* row_begin;   // [n_source + 1] (NULL in a matrix)
  const uint32_t* targets;     // by position (NULL in a matrix)
  const uint16_t* delays;      // steps, by position (NULL: all common_delay)
  const uint32_t* sources;     // by position (NULL unless a kernel asks for it, and in a matrix)
  const uint8_t* present;      // which entries of a matrix are synapses (NULL: all)
  const uint32_t* post_begin;  // [n_target + 1] transposed index (NULL where nothing needs it): entries of a target, by source
  const uint32_t* post_position;
  const uint32_t* post_source;
  const uint16_t* codes;       // static groups with weights of 16 bits (NULL: variables[0])
  const double* table;         // what codes stand for, by number; NULL: see code_kind
  const void* drawn;           // pgl_drawn: rows that are drawn at every spike (NULL: they are stored)
  void* scratch;
  double common_weight;        // where variables[0] is NULL and there are no codes
  double code_scale;
  int32_t code_kind;           // 0: no codes; 1: half precision; 2: whole numbers times code_scale; 3: numbers in `table`
  uint32_t common_delay;       // steps
  uint32_t min_delay, max_delay;
  uint32_t n_source, n_target, n_synapses;
  uint32_t columns;            // of a matrix, padding included; 0: no matrix
  int32_t lead;                // 1: arrivals are handled a step early, before the threshold
  uint32_t sets;               // bit k: the k-th sum of continuous transmission is set, not added to
  double dt;
  const pgl_synapses* transpose_of;  // whose weights it has, transposed (NULL: its own) ...
  double factor;                     // ... times this
  int32_t skips_itself;        // 1: a matrix without `present` lacks its diagonal
  uint32_t reserved;
};

// A variable that is recorded every `every` steps: row (step / every) % rows.
struct pgl_sampler {
  const void* variable;     // real, by neuron (or synapse)
  const uint32_t* indices;  // NULL: all of them
  void* out;                // real [rows][n]
  uint64_t rows;
  uint32_t n, every;
};

// Recorded spikes, step << 32 | neuron, in no particular order: of begin, begin + stride, ... below end.
struct pgl_spike_log {
  uint32_t population;
  uint32_t begin, end, stride;
  uint64_t room;
  uint64_t* entries;
  uint64_t* size;
};

// One network with its own seed, states and spikes.
struct pgl_instance {
  const pgl_population* populations;
  const pgl_synapses* groups;
  const pgl_sampler* samplers;
  const pgl_spike_log* logs;
  uint32_t n_populations, n_groups, n_samplers, n_logs;
  // The least (population << 40 | neuron << 8 | variable) of variables that stopped being finite in this step, of sums
  // with bit 63 set: all ones while there is none.
  uint64_t* fault;
  int64_t* fault_step;
  int32_t* halted;          // 1 from the step after a fault on: nothing is done any more
};

// One value of many neurons, as pgl_reduction of cpp/engine/abi.h says. Of numbers the sums of blocks of 64 neurons, or the
// largest of each and where it is, stand in `scratch` from REDUCE to FINISH; of winners who is inhibited.
struct pgl_card_reduction {
  int32_t how;              // pgl_reduction_kind
  int32_t add;
  uint32_t begin, end;
  const void* values;       // real, by neuron
  double* value;
  double* index;
  double* scratch;          // [(end - 1) / 64 + 1 - begin / 64], of the maximum twice as many; winners: [end - begin] bytes
  void* mask;               // real, by neuron
  double least;
  uint32_t winners;
  int32_t radius;
  uint32_t channels, height, width, reserved;
};

// Operations that only a card has; the others have the numbers of pgl_op_kind of cpp/engine/abi.h. There is no EXCHANGE:
// where it stands, reductions are finished, and what is done once is done, in order.
enum pgl_card_op_kind {
  PGL_CARD_DELIVER = 0,
  PGL_CARD_ARRIVE = 1,
  PGL_CARD_FIRE = 2,               // the update of a population that computes
  PGL_CARD_SEND = 3,
  PGL_CARD_SAMPLE = 4,
  PGL_CARD_NEURONS = 5,
  PGL_CARD_SPIKING_NEURONS = 6,
  PGL_CARD_SYNAPSES = 7,
  PGL_CARD_SPIKING_TARGETS = 8,
  PGL_CARD_REDUCE = 9,             // args: pgl_card_reduction
  PGL_CARD_ONCE = 13,
  PGL_CARD_COLLECT = 20,           // of population `index`
  PGL_CARD_FOLD = 32,              // what kernels over synapses have added is added to the variables of population `index`
  PGL_CARD_SORT = 33,              // the spikes of population `index` at t_(n+1) in ascending order
  PGL_CARD_TRAIN = 34,             // spikes of the train of population `index` at t_(n+1)
  PGL_CARD_ADVANCE = 35,           // ends a step
  PGL_CARD_FINISH = 36,            // args: pgl_card_reduction
  PGL_CARD_TRACE = 37              // a kernel over the spikes of a train at t_(n+1), those of one neuron one after another
};

// One operation of a step (codegen/program/schedule.py), carried out in the steps n with n % every == offset.
struct pgl_card_op {
  int32_t kind;             // pgl_card_op_kind
  uint32_t index;           // of the population or group
  uint32_t every, offset;
  uint32_t function;        // number of the generated kernel, where it calls one
  uint32_t ahead;           // 1: what spiked at t_(n+1) is visited, not at t_n
  const void* args;         // [instances] records (pgl_population or pgl_synapses) for it; NULL: the instance's own
};

// All that lives on the card.
struct pgl_card {
  const pgl_instance* instances;
  const pgl_card_op* ops;
  uint32_t n_instances, n_ops;
  int64_t* step;            // the present one
  int32_t* paused;          // 1: some record has no room for another step; nothing is done until the host has emptied it
};

// What every kernel of a step gets: operations first ... first + count - 1, which are alike but for what they are of.
// block_y() is the number of the instance times count plus that of the operation.
struct pgl_launch {
  const pgl_card* card;
  uint32_t first, count;
};

// The same for spikes that are put back on their way: those at t_sent, as far as they arrive at or after the step `now`.
struct pgl_restoring {
  const pgl_card* card;
  uint32_t first, count;
  int64_t sent, now;
};

// Numbers of which the largest size is looked for: units of sums follow from it.
struct pgl_sizes {
  const void* values;  // real [n], finite
  uint64_t n;
  uint64_t* largest;   // bits of the largest size so far, as a double
};

// What the kernels of the plan "instances" get: one block for each instance carries out all operations of many steps.
struct pgl_walk {
  const pgl_card* card;
  int64_t* granted;         // steps that all records have room for, up to `asked`
  // [n_ops] Bit 0: a barrier comes before the operation; bits 1 to 3: of which part of the threads it is, as a power of two
  // (0: of all), from bit 4 on: of which of these parts.
  const uint8_t* orders;
  int64_t asked;
};

#endif
