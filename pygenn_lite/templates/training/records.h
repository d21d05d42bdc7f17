// What a training program is given: the C ABI between Python (runtime/training/training_records.py mirrors it) and the kernels of
// this folder. The same records serve on the processor and on a card, where the pointers are those of its memory.
//
// Steps. A spike *carries* the step s if it happens at t_s = s dt: a neuron that crosses its threshold in step n (from
// t_n to t_(n+1)) sends a spike that carries n + 1; a staged spike at t_s carries s. With a delay of d steps it arrives
// at the beginning of step s + d. What would arrive in step `steps` or later never does.
//
// Rows. Reals of neurons lie in rows, [k][stride], where stride is the number of neurons rounded up to 64 bytes. Rows
// begin at multiples of 64 bytes. What lies behind the last neuron is 0, or anything finite.
//
// Slots. A sample in flight has a slot of memory: what changes while its trial runs. Offsets in a slot are in bytes.
#ifndef PGL_TRAINING_RECORDS_H
#define PGL_TRAINING_RECORDS_H

#include "common/integers.h"

enum pgl_training_version { PGL_TRAINING_ABI = 1 };
enum pgl_training_nothing { PGL_TRAINING_NONE = 0xffffffff };

// A population, in the order of the program.
typedef struct pgl_training_population {
  uint32_t n, stride;
  uint32_t input;          // number of the staged spikes that are its spikes (PGL_TRAINING_NONE: it has a model)
  uint32_t room;           // spikes of one sample that its tape has room for
  uint32_t kept;           // adjoints (bits) of which a row is kept for every step: those that groups with gradients add to
  uint32_t sent;           // adjoints (bits) of which it is computed what is sent back, where the derivative is exact
  uint32_t sent_kept;      // of these, those of which a row is kept for every step: groups with a delay per synapse
  uint32_t sorted;         // whether its spikes are sorted by neuron for the gradients of groups that leave it
  uint32_t kept_stride;    // from one kept row to the next: an odd number of lines, so that parts of rows spread over caches
  uint32_t neuron_steps;   // steps from one neuron's to the next's where a neuron has its steps together: room for all, and behind
                           // them for those in which delays let something arrive too late; an odd number of lines of pairs
  void* shared;            // real [shared values]: coefficients among them
  void* own;               // real [values of each neuron][stride]
  double* shared_double;   // the same in double: what coefficients are computed in
  double* own_double;
  double* shared_gradient; // of all of them, summed over the batch
  double* own_gradient;
  const void* initial;     // real [states][stride]
  void* gradient;          // real [gradients][stride]: summed over the samples of a batch
  void* initial_gradient;  // real [adjoints][stride]: the same of adjoints at t_0 (NULL: nobody asks)
  void* mean_counts;       // real [stride]: mean spikes of a sample in the batch before (0 before the first)
  void* count_sums;        // uint64 [stride]: spikes of the samples of this batch
  void* count_totals;      // uint64 [stride]: of all batches, until somebody sets them to 0 (NULL: nobody asks)
  // In a slot. Of populations without a model `row_begin` and `row_step` only.
  uint64_t state;          // real [states][stride]
  uint64_t before;         // real [before - kept][stride]
  uint64_t history;        // real [steps][kept][stride]: what the way back reads of every step
  uint64_t adjoint;        // real [adjoints][stride]
  uint64_t sums;           // real [gradients][stride]
  uint64_t back;           // real [stride] where the derivative is smooth, else [room]: what spikes got back
  uint64_t recorded;       // real [recorded][room]
  uint64_t begin;          // uint32 [steps + 2]: where on the tape the spikes that carry a step begin
  uint64_t index;          // uint32 [room]: their neurons
  uint64_t counts;         // uint32 [stride]: spikes of each neuron
  uint64_t left;           // uint32 [stride]: those that the way back has still before it
  uint64_t flags;          // uint32 [n rounded up to 32]: neurons that spiked in the present step
  uint64_t sent_now;       // real [adjoints][stride]: what is sent back in the present step
  uint64_t kept_rows;      // real [kept adjoints][steps][kept_stride]
  uint64_t sent_rows;      // real [adjoints of sent_kept][stride][neuron_steps][2]: adjoints and what is sent back; 0 behind the last step
  uint64_t row_begin;      // uint32 [n + 1]: where a neuron's spikes begin among ...
  uint64_t row_step;       // uint32 [room]: ... the steps they carry
} pgl_training_population;

enum pgl_training_layout {
  PGL_TRAINING_DENSE = 0,   // weight [neurons of the source][stride]
  PGL_TRAINING_SPARSE = 1,  // weight [synapses], by row_begin and target_of
  PGL_TRAINING_SHARED = 2   // weight [weights], of synapse k weight[weight_of[k]]
};
enum pgl_training_of_group {
  PGL_TRAINING_WEIGHTS = 1,  // gradients of the weights are wanted
  PGL_TRAINING_DELAYS = 2    // gradients of the delays are wanted
};

enum pgl_training_once {
  PGL_TRAINING_TARGETS = 1,  // no synapses of a row have the same target
  PGL_TRAINING_ENTRIES = 2   // nor the same shared weight
};

typedef struct pgl_training_group {
  uint32_t source, target;     // populations
  uint32_t into;               // the state of the target that arrivals add to, and its adjoint
  uint32_t layout;
  uint32_t wanted;             // pgl_training_of_group
  uint32_t delay;              // steps, where all synapses have the same (0: at t_s, where the threshold sees it)
  uint32_t stride;             // of rows: of the target where dense
  uint32_t n_weights;          // of shared weights
  uint32_t ring;               // steps that arrivals wait at most: a power of two above the longest delay (0: one delay)
  uint32_t stream;             // of random numbers (dropout)
  uint32_t once;               // pgl_training_once: where it is not known, a card adds one after another
  uint32_t longest;            // steps, where synapses have delays of their own: none is longer
  uint64_t n_synapses;
  double dropout;              // probability that a neuron of the source is left out of a trial in this group
  const void* weight;          // real: what spikes deliver
  const void* back_weight;     // real, laid out as weight: what adjoints come back through (NULL: nothing comes back)
  void* panels;                // real: back_weight in panels (panels.hpp), laid anew for every batch, where a program for the
                               // processor goes back to all neurons through a dense group with one delay (else NULL)
  const void* delays;          // uint32, steps, laid out as a dense or sparse weight (NULL: `delay` for all)
  const uint32_t* row_begin;   // [neurons of the source + 1], where not dense
  const uint32_t* target_of;   // [synapses]
  const uint32_t* weight_of;   // [synapses], of shared weights
  void* gradient;              // real, laid out as weight: summed over the samples of a batch
  void* delay_gradient;        // real, laid out as delays: per ms
  // In a slot.
  uint64_t waiting;            // real [ring][stride of the target]: what is going to arrive (or of all steps: arrivals.hpp)
  uint64_t sums;               // real [weights]: the sample's gradient of shared weights
  uint64_t dropped;            // uint32 [neurons of the source]: not 0 where a neuron is left out
  uint64_t listed;             // uint32 [64]: how many spikes are looked at together, and which
} pgl_training_group;

// Spikes of all samples.
typedef struct pgl_training_spikes {
  const uint64_t* first;  // [samples]: where a sample's spikes begin in `index`
  const uint32_t* begin;  // [samples][steps + 1]: behind `first`, where those that carry a step begin
  const uint32_t* index;  // neurons
} pgl_training_spikes;

// Real-valued inputs of all samples, which are added to a state when arrivals are.
typedef struct pgl_training_values {
  uint32_t population, into;
  uint32_t stride;         // reals of a row
  uint32_t constant;       // whether one row serves all steps of a sample
  const void* values;      // real [samples][steps or 1][stride]
  void* gradient;          // real, laid out alike: dL/d(values), by position in the order (NULL: nobody asks)
} pgl_training_values;

typedef struct pgl_training_data {
  const pgl_training_spikes* spikes;
  const pgl_training_values* values;
  uint32_t n_spikes, n_values;
  uint64_t samples;
  const int32_t* labels;   // [samples] or NULL
  const void* targets;     // real [samples][target_size] or NULL
  uint64_t target_size;
  const void* given;       // real [samples][given_size]: for losses that are computed elsewhere, or NULL
  uint64_t given_size;
  // Spikes that populations with a model have in place of their own, by population of the program (NULL: none have; without
  // `index`: that population has none). Programs that replay look at them.
  const pgl_training_spikes* replayed;
} pgl_training_data;

// A trained parameter of neurons: from the array that the optimiser changes to the place where coefficients are computed
// from it, and the gradient back.
typedef struct pgl_training_link {
  const void* value;       // real [1 or stride]
  void* gradient;          // real, likewise: summed over the batch
  uint32_t population;
  uint32_t own;            // whether each neuron has its own
  uint32_t place;          // among the shared, or the own values
  uint32_t reserved;
} pgl_training_link;

// Trained delays: from the array that the optimiser changes, in ms, to steps.
typedef struct pgl_training_delays {
  const void* value;       // real [n]
  uint32_t* steps;         // [n]
  uint64_t n;
  uint32_t lead, longest;  // steps less than the delay; at most so many
} pgl_training_delays;

typedef struct pgl_training_program {
  uint32_t version, real_bytes;
  uint32_t n_populations, n_groups;
  uint32_t together;       // trials that a block goes back through at the same time, at most (0: 1)
  uint32_t steps;
  double dt;
  const pgl_training_population* populations;
  const pgl_training_group* groups;
  const void* optimise;    // OptimiseArgs (optimise.hpp): what the optimiser changes; rate, number and scale are filled in
  const void* constants;   // real: numbers of the loss
  void* slots;
  uint64_t slot_bytes;
  uint32_t n_slots;        // a batch, or two chunks of samples in flight: at least 2 where a batch has several samples
  uint32_t reserved3;
  uint64_t scratch;        // in a slot: real, as many as the loss asks for
  uint64_t status;         // in a slot: pgl_training_status
  const pgl_training_link* links;
  const pgl_training_delays* delays;
  uint32_t n_links, n_delays;
  uint32_t first_batch;    // whether none came before: nobody knows how often neurons spike
  uint32_t reserved2;
} pgl_training_program;

enum pgl_training_fault_kind { PGL_TRAINING_FINE = 0, PGL_TRAINING_NO_ROOM = 1, PGL_TRAINING_NOT_FINITE = 2 };
enum pgl_training_where { PGL_TRAINING_STATE = 0, PGL_TRAINING_ADJOINT = 1, PGL_TRAINING_LOSS = 2 };

// How the trial in a slot went.
typedef struct pgl_training_status {
  uint32_t fault, where;
  uint32_t population, neuron, step, number;  // number: of the state or adjoint
  uint32_t tangential;                        // spikes close to the threshold's tangent
  uint32_t reserved;
} pgl_training_status;

enum pgl_training_mode {
  PGL_TRAINING_FORWARD = 1,   // trials forwards
  PGL_TRAINING_BACKWARD = 2,  // and backwards, gradients summed; alone: from tapes kept in the slots
  PGL_TRAINING_UPDATE = 4     // and the optimiser's step after every batch
};

// One call: all samples of an order, batch by batch.
typedef struct pgl_training_run {
  const uint64_t* order;     // samples
  uint64_t n;
  uint32_t batch;
  uint32_t mode;             // pgl_training_mode
  uint64_t seed, epoch;      // of random numbers (dropout)
  uint64_t update;           // batches that the optimiser has seen before
  const double* rates;       // [batches]
  double clip;               // largest global norm of the gradient (0: any)
  uint64_t* done;            // [2]: samples and batches done so far
  const int32_t* stop;       // not 0: stop before the next batch
  // Results, by position in the order.
  void* loss;                // real [n]
  void* outputs;             // real [n][outputs of the loss]
  void* metrics;             // real [n][metrics of the loss]
  int32_t* prediction;       // [n]
  uint32_t* spikes;          // [n][populations]
  uint32_t* tangential;      // [n]
  double* norm;              // [batches]: global norm of the mean gradient (where there is an update)
  // Where it ended, if not at the end.
  uint64_t fault_position;
  pgl_training_status fault;
} pgl_training_run;

#endif
