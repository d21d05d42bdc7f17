// The C ABI between three parties: the Python runtime (ctypes), the engine (model independent) and the
// generated kernels. Plain structs and function pointers only; every struct is mirrored in runtime/cpp/abi.py.
// Change it together with PGL_ABI_VERSION, which the runtime compares after loading.
#ifndef PGL_ABI_H
#define PGL_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "common/records.h"  // pgl_poisson, pgl_timed, pgl_repeats, kinds of rules and distributions

#define PGL_ABI_VERSION 11
#define PGL_BLOCK 64  // neurons are updated in blocks of this many; shards begin at multiples of it

// Everything is compiled with hidden visibility; what is named here, and kernels, are exported.
#define PGL_EXPORT extern "C" __attribute__((visibility("default")))

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------- neuron kernels
// One population on one shard. Arrays are offset to the first neuron of the shard, 64-byte aligned
// and padded to a multiple of PGL_BLOCK with harmless values.
typedef struct pgl_population_args {
  void* const* arrays;            // in the order of the kernel's signature
  const double* scalars;          // shared parameters and coefficients, signature order
  const pgl_poisson* poisson;     // signature order
  const pgl_timed* timed;         // signature order
  uint32_t count;                 // neurons in this shard
  uint32_t first;                 // index in the population of the shard's first neuron (multiple of 64)
  uint64_t seed;
  uint32_t stream;                // random stream of the population
  uint32_t n_arrays;              // may be 0: they are then not fetched ahead
  double dt;                      // ms
} pgl_population_args;

// Sums of arrivals in whole numbers, on one shard: what static synapses add then depends on no order. Places are those of
// the arena. PGL_OP_COLLECT adds the sums to the variables.
typedef struct pgl_sum {       // of one variable
  uint32_t begin, count;       // places
  uint32_t population, first;  // the neuron of the first place
} pgl_sum;
typedef struct pgl_sums {
  int64_t* sums;           // by place
  const double* per_unit;  // by place: whole numbers per unit of weight, a power of two
  const pgl_sum* of;
  int64_t n;
  void* arena;
} pgl_sums;

// Where a value stopped being finite. variable: index in the signature's list of checked variables; below 0: -1 - index in
// pgl_sums.of, a sum that 32 bits do not hold. The engine, which calls the kernel, fills in population and step.
typedef struct pgl_fault {
  int32_t set;
  int32_t variable;
  uint32_t population;
  uint32_t neuron;
  int64_t step;
} pgl_fault;

// Advances one step (t_step -> t_{step+1}); writes the population indices of neurons that spiked,
// ascending, to `spikes` (room for `count`), returns how many.
typedef uint32_t (*pgl_update_fn)(const pgl_population_args*, int64_t step, uint32_t* spikes, pgl_fault* fault);
// Any other kernel over a population's neurons, such as the first part of a step in two parts, where plastic synapses
// jump what the threshold sees: it integrates to t_{step+1}, then their arrivals add to accumulators, and the update adds
// those, tests the threshold and resets.
typedef void (*pgl_neurons_fn)(const pgl_population_args*, int64_t step);
// A kernel over the neurons that spiked at t_step (population indices), such as postsynaptic traces.
typedef void (*pgl_spiking_fn)(const pgl_population_args*, int64_t step, const uint32_t* spikes, uint32_t n);
// Computes the coefficients (propagators) from the parameters; count/arrays as above; scalars writable.
typedef void (*pgl_prepare_fn)(void* const* arrays, double* scalars, uint32_t count, double dt);

// ---------------------------------------------------------------- synapse kernels (plastic or general)
typedef struct pgl_arrival {  // part of one presynaptic row that arrives now
  uint32_t begin, end;        // positions in the shard's synapse arrays
  uint32_t source;            // index in the source population
  uint32_t delay;             // steps
} pgl_arrival;

// A variable of the source population as it was up to max_delay steps ago:
// value at step n of neuron i = base[(n & mask) * stride + i]
// and, as the k-th of these spikes left it, repeated[k].
typedef struct pgl_ring {
  const void* base;
  uint64_t stride;
  uint64_t mask;
  const pgl_repeats* repeats;  // NULL: there are none
  const void* repeated;
} pgl_ring;

typedef struct pgl_synapse_args {  // one group on one shard
  void* const* synapse;          // synapse variables, by position; signature order ("weight" first if present)
  void* const* post;             // variables of the target population or its receptors, offset to the shard; signature order
  const pgl_ring* pre;           // exposed variables of the source population; signature order
  const double* scalars;
  const void* target;            // local index in the shard of the target population, by position: uint16_t or uint32_t
  const uint16_t* delay;         // steps, by position (NULL: all `common_delay`)
  const uint32_t* source;        // source neuron, by position (NULL unless a kernel asks for it)
  const uint32_t* post_begin;    // [targets in the shard + 1] transposed index: entries of local target j (NULL without on_post)
  const uint32_t* post_position; // position of each entry
  const uint32_t* post_source;   // source neuron of each entry
  uint32_t common_delay;
  uint32_t first;                // population index of the first target neuron
  uint32_t n_synapses;           // in this shard
  int32_t wide_target;           // 1: `target` is uint32_t
  double dt;
  // What steps over all synapses, and matrices, need:
  const uint32_t* row_begin;     // [n_source + 1] first position of each source neuron's synapses (NULL in a matrix)
  const uint8_t* present;        // by position: which entries of a matrix are synapses (NULL: all)
  void* scratch;                 // real, as much as the kernel's manifest says
  uint32_t n_source;
  uint32_t columns;              // target neurons in the shard
  uint32_t sets;                 // bit k: the k-th sum of continuous transmission is set, not added to
  uint32_t of_shards;            // where the weights are another group's, transposed: its matrix by shards, ...
  const void* const* of;         // [of_shards] their first entries
  const uint32_t* of_begin;      // [of_shards + 1] which of its targets (this group's sources) are in each
  double factor;                 // of its weights
} pgl_synapse_args;

typedef void (*pgl_on_pre_fn)(const pgl_synapse_args*, int64_t step, const pgl_arrival*, uint32_t n);
// spikes: population indices of this shard's neurons that spiked at t_step
typedef void (*pgl_on_post_fn)(const pgl_synapse_args*, int64_t step, const uint32_t* spikes, uint32_t n);
typedef void (*pgl_synapses_fn)(const pgl_synapse_args*, int64_t step);

// ---------------------------------------------------------------- engine: construction (single-threaded calls)
typedef struct pgl_engine pgl_engine;
typedef struct pgl_store pgl_store;

int32_t pgl_abi_version(void);
const char* pgl_last_error(void);  // message of the last failed call of this thread
// All functions below that return int32_t or int64_t return -1 when they fail (see pgl_last_error), else an id, a count
// or 0.
pgl_engine* pgl_engine_create(uint32_t threads, uint32_t shards, uint32_t min_delay, uint32_t max_delay, int32_t real_bytes);
void pgl_engine_destroy(pgl_engine*);
// shard_begin: [shards + 1] neuron indices, multiples of 64 (except the last); args: [shards], copied; update may be NULL
// for a spike source. replayed (or NULL): called for spikes of a train as they come up.
int32_t pgl_population_add(pgl_engine*, uint32_t size, const uint32_t* shard_begin, pgl_update_fn update,
                           pgl_spiking_fn replayed, const pgl_population_args* args);
// Replaying trains: (step, index) sorted by step, then index; copied.
int32_t pgl_source_set(pgl_engine*, uint32_t population, int64_t count, const int64_t* steps, const uint32_t* indices);
// After each update copy real state[0..size) of the whole population into ring slot (step+1) & mask.
// state: base pointer of the population's array (contiguous over shards); ring: [mask + 1][stride]. repeats (NULL where
// a train has none) and repeated, real [repeats->n], must live as long as the engine.
int32_t pgl_expose_add(pgl_engine*, uint32_t population, const void* state, void* ring, uint64_t stride, uint64_t mask,
                        const pgl_repeats* repeats, void* repeated);
// Deliveries of static groups that are added from here on sum in whole numbers. What is given here is not copied.
int32_t pgl_sums_set(pgl_engine*, const pgl_sums* by_shard);
// Static delivery: arena[shard] is the base of the shard's receptor variables that stores' target indices address.
// lead: 0 direct, 1 summed in an accumulator, a step before the update that adds the sum.
int32_t pgl_static_add(pgl_engine*, uint32_t source_population, pgl_store*, void* const* arena, int32_t lead);
// This engine's own weights of a static delivery instead of the store's, kept by the caller: weights[shard] holds reals by
// position (see pgl_store_positions); common_weight where the store keeps none by synapse. Either may be NULL: the store's.
int32_t pgl_static_weights_set(pgl_engine*, uint32_t delivery, void* const* weights, const double* common_weight);
// General delivery of one group; on_pre may be NULL. args: [shards], copied. lead: 0: on_pre at the beginning of a step;
// 1: on_pre for what arrives at its end, before the target fires.
int32_t pgl_synapse_add(pgl_engine*, uint32_t source_population, uint32_t target_population, pgl_store*, pgl_on_pre_fn,
                        const pgl_synapse_args* args, int32_t lead);

// ---------------------------------------------------------------- engine: what a step consists of
// A step n leads from t_n to t_{n+1}. It is a list of operations, carried out in this order on each shard.
enum pgl_op_kind {
  PGL_OP_DELIVER = 0,          // static delivery `index`: what arrives at t_n (lead 1: at t_{n+1})
  PGL_OP_ARRIVE = 1,           // synapse group `index`: on_pre for what arrives at t_n (lead 1: at t_{n+1})
  PGL_OP_FIRE = 2,             // population `index`: its update, or the spikes of its train, at t_{n+1}
  PGL_OP_SEND = 3,             // population `index`: its spikes at t_{n+1} are counted, recorded and sent
  PGL_OP_SAMPLE = 4,           // variables are recorded as they are now
  PGL_OP_NEURONS = 5,          // pgl_neurons_fn over population `index`
  PGL_OP_SPIKING_NEURONS = 6,  // pgl_spiking_fn over those of its neurons that spiked at t_n (after FIRE: at t_{n+1})
  PGL_OP_SYNAPSES = 7,         // pgl_synapses_fn over synapse group `index`
  PGL_OP_SPIKING_TARGETS = 8,  // pgl_on_post_fn over its synapses onto neurons that spiked at t_n
  PGL_OP_REDUCE = 9,           // args: a pgl_reduction over population `index`; its results are there after PGL_OP_EXCHANGE
  PGL_OP_EXCHANGE = 10,        // all workers meet; what one has written before, all may read behind it
  PGL_OP_GATHER = 11,          // backwards only: args: a pgl_gather, over static delivery (or synapse group) `index`
  PGL_OP_SHARD = 12,           // pgl_shard_fn
  PGL_OP_ONCE = 13,            // pgl_prepare_fn (with no elements), args: a pgl_once; where the next PGL_OP_EXCHANGE comes, by
                               // one worker, in order with the reductions
  PGL_OP_COLLECT = 20          // sums in whole numbers (pgl_sums_set) are added to the variables: behind all PGL_OP_DELIVER
};
typedef void (*pgl_shard_fn)(const void* args, uint32_t shard, int64_t step);
typedef struct pgl_once {
  void* const* arrays;
  double dt;
} pgl_once;
// One value of many neurons, in an order that depends on neither shards nor threads: in double, by blocks of 64 neurons
// (four interleaved sums, added in pairs), then blocks ascending.
enum pgl_reduction_kind {
  PGL_REDUCE_SUM = 0, PGL_REDUCE_MEAN = 1,
  PGL_REDUCE_MAX = 2,      // and where it is: of equal ones the first
  PGL_REDUCE_FIRST = 3,    // how many spiked (as `latest` of PGL_OP_SPIKING_NEURONS), and the first; kept until it is set to -1
  PGL_REDUCE_SPIKES = 4,   // the same, told anew each time
  PGL_REDUCE_WINNERS = 5   // up to `winners` times the largest that none before inhibits
};
typedef struct pgl_reduction {
  int32_t how;
  int32_t add;             // 1: added to *value instead of replacing it (several populations, one after the other)
  uint32_t begin, end;     // neurons of the population
  void* const* values;     // [shards] reals, offset to each shard's first neuron
  double* value;           // where results go, such as a shared scalar of a kernel; NULL: nowhere
  double* index;           // a neuron, or -1
  uint32_t winners;        // a winner inhibits its channel, and all channels within `radius` of its place (below 0: none)
  int32_t radius;
  uint32_t channels, height, width;  // how [begin, end) lies
  double least;            // values must be above it to win
  void* const* mask;       // [shards] reals: 1 for winners, 0 for the others of [begin, end)
} pgl_reduction;
typedef void (*pgl_function)(void);
typedef struct pgl_op {
  int32_t kind;
  uint32_t index;
  uint32_t every, offset;  // carried out in the steps n with n % every == offset
  pgl_function function;   // of kinds 5 to 8
  const void* args;        // [shards] arguments for it, kept by the caller; NULL: those that index was added with (of kind 7
                           // index means nothing where there are args)
} pgl_op;
// Once, when all has been added: what is to be done in each step. Copied.
// Before pgl_schedule_set: schedules of this engine may have reductions (a shared object of their own: programs.cpp).
void pgl_reductions_set(pgl_engine*);
int32_t pgl_schedule_set(pgl_engine*, const pgl_op* ops, int64_t n);
// The same for several engines to which the same has been added, which then have it in common: made as it would be set,
// used by each. Without reductions. It may be destroyed while engines use it.
typedef struct pgl_schedule pgl_schedule;
pgl_schedule* pgl_schedule_create(pgl_engine*, const pgl_op* ops, int64_t n);
void pgl_schedule_destroy(pgl_schedule*);
int32_t pgl_schedule_use(pgl_engine*, pgl_schedule*);

// ---------------------------------------------------------------- engine: recording
int32_t pgl_record_spikes(pgl_engine*, uint32_t population, uint32_t begin, uint32_t end, uint32_t stride);
// bases: [shards] pointers to the variable, offset to each shard; indices: population indices, ascending.
int32_t pgl_record_variable(pgl_engine*, uint32_t population, void* const* bases, const uint32_t* indices, uint32_t n,
                            uint32_t every);
int64_t pgl_spikes_count(pgl_engine*, int32_t recorder);
int32_t pgl_spikes_drain(pgl_engine*, int32_t recorder, int64_t* steps, uint32_t* indices);  // sorted by step, index; then forgotten
int64_t pgl_samples_count(pgl_engine*, int32_t recorder);                                    // samples (rows)
int32_t pgl_samples_drain(pgl_engine*, int32_t recorder, int64_t* steps, void* values);      // real [rows, n]
// Of each population, counted since create/reset, recorded or not.
int32_t pgl_total_spikes(pgl_engine*, int64_t* totals /* [populations] */);
int32_t pgl_totals_of(pgl_engine* const*, int64_t n, int64_t* totals /* [n][populations] */);  // of engines that are alike
int32_t pgl_spike_totals(pgl_engine*, uint32_t population, uint32_t* counts /* [size] */);   // per neuron
int32_t pgl_spike_totals_import(pgl_engine*, uint32_t population, const uint32_t* counts /* [size] */);  // continue from

// ---------------------------------------------------------------- engine: running
// Returns the steps done: fewer than asked for after pgl_stop or a fault (pgl_fault_get). -1: error.
int64_t pgl_run(pgl_engine*, int64_t steps);
// The same for who runs many: what is not needed between runs is given back, and pgl_engine_error says why one failed.
int64_t pgl_try_run(pgl_engine*, int64_t steps);
void pgl_stop(pgl_engine*);  // from any thread or a signal handler: stop at the next step boundary
int64_t pgl_step_get(pgl_engine*);
void pgl_step_set(pgl_engine*, int64_t step);  // clears spikes in flight and totals (reset)
int32_t pgl_fault_get(pgl_engine*, pgl_fault*);  // 1 if one was found
void pgl_faults_of(pgl_engine* const*, int64_t n, uint8_t* found /* [n] */);  // the same of several
// ---- a record of spikes, for schedules that run backwards
typedef struct pgl_tape {
  uint64_t room;          // spikes; a run that has more fails
  uint32_t n;             // values that go with each spike
  uint32_t reserved;
  void* const* values;    // [n][shards] reals by neuron of the shard: as they are when the spike is sent
  void* const* back;      // [n][shards] the same: get them back when it is undone
} pgl_tape;
// From the present step on spikes are kept, until pgl_step_set: of all populations, where tapes is NULL, else of those for
// which tapes[population] is not. Copied, not what they point to.
int32_t pgl_tape_start(pgl_engine*, const pgl_tape* const* tapes /* [populations] */);
// How many there are since (more than there is room for, where a run has failed for it), and the value-th value of each.
int64_t pgl_tape_count(pgl_engine*, uint32_t population);

// Why the last run of this engine in a pool failed.
const char* pgl_engine_error(pgl_engine*);

// Several engines side by side: the instances of a network. They may share stores. All advance by `steps`; done[k] says
// how many steps engine k did: fewer after a fault, -1 where it failed (pgl_engine_error). The others continue.
// An engine runs on one thread of the pool, and on those that it has itself: make it with one where there are at least as
// many engines as threads. Results are those of pgl_run, whatever the number of threads.
typedef struct pgl_pool pgl_pool;
typedef int64_t (*pgl_run_fn)(pgl_engine*, int64_t steps);  // pgl_try_run, of the engines' shared object
pgl_pool* pgl_pool_create(uint32_t threads);
void pgl_pool_destroy(pgl_pool*);
int32_t pgl_pool_run(pgl_pool*, pgl_run_fn, pgl_engine* const* engines, int64_t n, int64_t steps, int64_t* done);
void pgl_pool_stop(pgl_pool*);  // from any thread or a signal handler: the next pgl_pool_run does nothing

// Spikes of the last max_delay steps, for checkpoints; import after pgl_step_set.
int64_t pgl_inflight_count(pgl_engine*, uint32_t population);
int32_t pgl_inflight_export(pgl_engine*, uint32_t population, int64_t* steps, uint32_t* indices);
int32_t pgl_inflight_import(pgl_engine*, uint32_t population, int64_t n, const int64_t* steps, const uint32_t* indices);

// ---------------------------------------------------------------- programs: what extensions need, a shared object of its own
// A delivery in reverse: for each spike that arrived at t_n, over its row, the sum of weight x values[target], given to the
// source neuron when that spike is undone; and for each synapse gradient[position] += factor x gradient_of[target].
typedef struct pgl_gather {
  int32_t general;            // 1: `index` is a synapse group, 0: a static delivery
  int32_t factor;             // which value of the spike; below 0: 1
  double scale;               // sums are whole multiples of 1 / scale: they do not depend on order, shards or threads
  void* const* values;        // [shards] reals by the store's target index; NULL with `back`: no sums
  void* const* back;          // [shards] reals by neuron of the source, offset to the shard: of spiking neurons; where
                              // several name the same, their sums are added up
  void* const* gradient_of;   // [shards] reals by target index; NULL with `gradient`: none
  void* const* gradient;      // [shards] reals by position (see pgl_store_positions)
  void* const* again;         // [shards] reals by target index: += factor x weight, in either direction; NULL: none
  int32_t of_all;             // 1: sums for all neurons of the source, as if each had spiked in every step
  int32_t weighted;           // 1: gradient[position] += factor x weight x gradient_of[target]
} pgl_gather;
// What has been gathered, and is still to be given: kept from one walk to the next, until cleared.
typedef struct pgl_gathers pgl_gathers;
pgl_gathers* pgl_gathers_create(void);
void pgl_gathers_destroy(pgl_gathers*);
void pgl_gathers_clear(pgl_gathers*);
// Steps of operations of kinds 5 to 13, of which `spiking` kinds see the spikes at t_{n+1}. The engine's own step and
// spikes stay. Direction -1: steps first + count - 1 down to first, undone: step n leads from t_{n+1} back to t_n, and needs a
// tape that holds its spikes. Direction 1: from first on, with the same spikes. Direction 0: once, as step `first`, with
// the spikes that there are.
int32_t pgl_walk(pgl_engine*, pgl_gathers*, const pgl_op* ops, int64_t n, int64_t first, int64_t count, int32_t direction);
typedef struct pgl_walking {  // one of several, side by side
  pgl_engine* engine;
  pgl_gathers* gathers;
  const pgl_op* ops;
  int64_t n;
} pgl_walking;
int32_t pgl_pool_walk(pgl_pool*, const pgl_walking* walks, int64_t n, int64_t first, int64_t count, int32_t direction,
                      int32_t* failed);
// Checkpoints: pgl_shard_fn that keep reals of a shard's neurons, and give them back, at step n in slot (n / every) % slots.
typedef struct pgl_kept {
  uint32_t n;                 // arrays
  uint32_t real_bytes;
  uint32_t every, slots;
  uint32_t shards, reserved;
  const uint32_t* counts;     // [shards] neurons
  void* const* arrays;        // [n][shards]
  void* const* room;          // [shards], [slots][n][count] reals
} pgl_kept;
void pgl_keep(const void* kept, uint32_t shard, int64_t step);
void pgl_recall(const void* kept, uint32_t shard, int64_t step);

// ---------------------------------------------------------------- builder: stored synapses
typedef struct pgl_distribution {
  int32_t kind;
  double a, b;        // constant a; uniform [a, b); normal mean a, std b; log-normal mu a, sigma b; exponential mean a
  double low, high;   // truncation (truncated normal)
  double factor, offset;  // where affine: the value drawn is multiplied and added to
  int32_t affine;         // for drawn values (not constants, not given ones)
  const double* values;
} pgl_distribution;

typedef struct pgl_rule {
  int32_t kind;
  int32_t autapses, multapses;  // allowed?
  int32_t same_population;
  double p;
  int64_t n;                    // total / in-degree / out-degree
  const int64_t* row_begin;     // explicit: [n_source + 1]
  const uint32_t* targets;      // explicit
} pgl_rule;

typedef struct pgl_group {  // one synapse group to be laid down in a store
  uint32_t stream;
  uint32_t n_target;
  pgl_rule rule;
  pgl_distribution weight;        // ignored where the store keeps no weights
  pgl_distribution delay;         // ms; rounded to steps, at least 1, at most max_delay
  const uint32_t* shard_begin;    // [shards + 1] of the target population
  const double* weight_table;     // PGL_STORE_TABLE; else NULL
  uint64_t weight_table_size;
  const uint32_t* arena_offset;   // [shards] where the target's receptor variable begins in each shard's arena (0 for general groups)
} pgl_group;

enum pgl_store_flags {
  PGL_STORE_WEIGHTS = 1,     // a weight per synapse; otherwise one common weight
  PGL_STORE_TRANSPOSED = 2,  // post_begin, post_position, post_source (general groups with on_post)
  PGL_STORE_SOURCES = 4,     // source by position
  PGL_STORE_DELAYS = 8,      // delay by position
  PGL_STORE_DENSE = 16,      // full matrix rows over each shard's targets, one delay; one group only
  PGL_STORE_PADDED = 512,    // dense: rows begin at multiples of PGL_ROW entries (general groups)
  PGL_STORE_PROCEDURAL = 32,  // nothing stored: rows are regenerated at each spike; one group only
  // With PGL_STORE_WEIGHTS, one group, sparse, no kernels: weights take 16 bits each,
  PGL_STORE_HALF = 64,   // in half precision,
  PGL_STORE_FIXED = 128,  // as whole numbers times a scale,
  PGL_STORE_TABLE = 256   // or as places in the group's weight_table (weights are given as these places)
};
#define PGL_ROW 8  // entries: matrices of general groups have rows of a multiple of it
// progress: rows done of all rows (called from the calling thread now and then); returns non-zero to abort.
typedef int32_t (*pgl_progress_fn)(int64_t done, int64_t total, void* user);
pgl_store* pgl_store_build(uint32_t n_source, uint32_t shards, uint32_t n_groups, const pgl_group* groups, uint32_t flags,
                           double dt, uint32_t max_delay, uint64_t seed, uint32_t threads, int32_t real_bytes,
                           pgl_progress_fn progress, void* user);
void pgl_store_destroy(pgl_store*);
// Before it is handed to an engine: its weights of 16 bits, or its sums in whole numbers, are delivered by loops of their own
// (coded_delivery.cpp).
void pgl_store_deliver_coded(pgl_store*);
// Largest delay (steps) that a group of this description can draw without building it (for max_delay); exact for
// constant, uniform and values; otherwise found by a dry run over the delays.
int64_t pgl_delay_maximum(uint32_t n_source, const pgl_group*, double dt, uint64_t seed, uint32_t threads);
int64_t pgl_store_group_size(const pgl_store*, uint32_t group);  // synapses
uint64_t pgl_store_bytes(const pgl_store*);
// Read back in canonical order (pre, post, delay; stable); any output may be NULL. weight: double.
int32_t pgl_store_read(const pgl_store*, uint32_t group, uint32_t* pre, uint32_t* post, uint16_t* delay_steps, double* weight);
int32_t pgl_store_write_weights(pgl_store*, uint32_t group, const double* weight);  // same order
// Weights of 16 bits: the scale (fixed point, else 1), and what rounding has changed of all weights together, relative to
// their absolute sum.
int32_t pgl_store_rounding(const pgl_store*, double* scale, double* loss);
// Of a store with a table: the place of each synapse's weight in canonical order; another table of the same size.
int32_t pgl_store_read_places(const pgl_store*, uint32_t group, uint32_t* place);
int32_t pgl_store_write_table(pgl_store*, const double* table, uint64_t size);
int32_t pgl_store_set_common_weight(pgl_store*, double weight);
// Canonical permutation of one general (single-group) store: position of the k-th synapse in (shard, position),
// for synapse variables other than the weight.
int32_t pgl_store_positions(const pgl_store*, uint32_t group, uint32_t* shard, uint32_t* position);
// Addresses of a shard's arrays, to be placed in pgl_synapse_args (NULL where not kept).
typedef struct pgl_store_view {
  void* weight;
  void* target;
  uint16_t* delay;
  uint32_t* source;
  uint32_t* post_begin;
  uint32_t* post_position;
  uint32_t* post_source;
  uint32_t n_synapses;
  int32_t wide_target;
  uint32_t* row_begin;
} pgl_store_view;
int32_t pgl_store_shard(pgl_store*, uint32_t shard, pgl_store_view* out);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
