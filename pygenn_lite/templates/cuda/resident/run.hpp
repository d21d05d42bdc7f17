// The plan "resident": one launch computes many steps. Each block has its neurons for the whole of it: their state in
// registers, what will arrive at them in shared memory. Who spiked, blocks tell each other by messages, and wait for nothing
// else.
//
// Within a step n a block does two things:
//   update:   what arrives at t_n is added, neurons come to t_(n+1), and a message says who spiked then;
//   exchange: messages about the spikes at t_n are read, and their synapses onto the block's neurons added to the ring.
// Where a spike may arrive in the step in which it is sent (lag 0), the exchange comes first. Else (lag 1) it comes behind, so
// that messages travel while neurons are updated: what counts then is the longer of the two, not their sum. Where no spike
// arrives in the next step either (lag 2), heads are added a step after they were asked for, so that nobody waits for them.
//
// Between a message and what hangs on it stand: the message's way (1.1 us on an H100), the head of a row from memory (0.7 us),
// two barriers. Hence: polling warps have no neurons; they prefetch a head when they read of its spike; random numbers are
// drawn while heads are on their way; tails of rows are read a step later.
#ifndef PGL_RESIDENT_RUN_HPP
#define PGL_RESIDENT_RUN_HPP

#include "cuda/engine/place.hpp"
#include "cuda/resident/board.hpp"

namespace pgl::resident {

// What a network's own code sets. `Neuron` is the state of a thread's neuron, with:
//   bool is_there; void take_over(args); void give_back(); void draw(step);
//   void collect(args, ring, slot); void run(step, sink); real value(variable);
//   const pgl_population* population; uint32_t which, index;   (the population's number, the neuron within it)
template <uint32_t kNeuronWarpsGiven, uint32_t kPollingWarpsGiven, uint32_t kLagGiven, class SynapseGiven, class NeuronGiven>
struct Shape {
  static constexpr uint32_t kNeuronWarps = kNeuronWarpsGiven, kPollingWarps = kPollingWarpsGiven, kLag = kLagGiven;
  static constexpr uint32_t kWarps = kNeuronWarps + kPollingWarps, kBuffers = kLag == 0 ? 2 : 4;
  static constexpr uint32_t kDepth = 2;  // heads that a warp has on their way at once
  using Synapse = SynapseGiven;
  using Neuron = NeuronGiven;
};

struct Sink {
  bool spiked = false;
  uint32_t faulty = ~0u;

  PGL_DEVICE void spike() { spiked = true; }
  PGL_DEVICE void fault(uint32_t variable) { faulty = variable; }
};

// The sums of the steps to come of this thread's neuron, from the inboxes that all plans share, and back.
template <class Ring>
PGL_DEVICE void move_sums(const pgl_resident& args, Ring ring, uint32_t which, uint32_t index, int64_t step, bool back) {
  const pgl_resident_population& of = args.populations[which];
  const pgl_population& population = args.instance->populations[which];
  for (uint32_t r = 0; r < kMostReceptors; ++r) {
    if (of.inbox[r] < 0) continue;
    const pgl_inbox& inbox = population.inboxes[of.inbox[r]];
    for (uint64_t k = 0; k <= inbox.mask; ++k) {
      const bool inside = k <= args.slots_mask;
      int64_t& sum = inbox.later[((uint64_t(step) + k) & inbox.mask) * population.count + index];
      const uint32_t place = ((uint32_t(step) + uint32_t(k)) & args.slots_mask) * args.columns + r * args.places + uint32_t(thread());
      if (back) {
        sum = inside ? int64_t(ring[place]) : int64_t(0);
      } else if (inside) {
        ring[place] = int32_t(sum);
      }
    }
  }
}

// Who of this block's neurons spiked at t_first: the message of an earlier launch, said again.
template <class Board>
PGL_DEVICE void tell_again(const pgl_resident& args, const Board& board, const Mailbox& to) {
  for (uint32_t p = 0; p < args.n_populations; ++p) {
    const Spikes spikes = spikes_at(args.instance->populations[p], args.first);
    const uint32_t count = *spikes.count;
    for (auto k = uint32_t(thread()); k < count; k += uint32_t(threads())) {
      const uint32_t number = args.populations[p].start + spikes.neurons[k];
      if (number % uint32_t(blocks()) != uint32_t(block())) continue;
      const uint32_t before = atomic_add(&board.sent[0], 1u << kSpikesSent) >> kSpikesSent;
      store_fresh(&board.own[before], number / uint32_t(blocks()));
    }
  }
  barrier();
  if (warp() == 0) send(to, board.own, load_fresh(&board.sent[0]) >> kSpikesSent, 0u);
  barrier();
  if (thread() == 0) board.sent[0] = 0;
}

template <class Neuron>
PGL_DEVICE void sample(const pgl_resident& args, const Neuron& neuron, int64_t step) {
  for (uint32_t k = 0; k < args.n_samplers; ++k) {
    const pgl_resident_sampler& sampler = args.samplers[k];
    if (sampler.population != neuron.which || uint64_t(step) % sampler.every != 0) continue;
    const uint32_t place = sampler.places[neuron.index];
    if (place == ~0u) continue;
    const uint64_t row = uint64_t(step) / sampler.every % sampler.rows;
    static_cast<real*>(sampler.out)[row * sampler.n + place] = neuron.value(sampler.variable);
  }
}

template <class Shape, class Board, class Rows>
struct Steps {
  using Neuron = typename Shape::Neuron;

  const pgl_resident& args;
  const Board board;
  const Rows rows;
  Neuron neuron;
  Tails<Rows, Shape::kDepth> tails;
  Heads<Rows, Shape::kDepth> heads;
  uint32_t until_sample;

  // From t_n to t_(n+1). By the warps that have neurons.
  PGL_DEVICE void update(uint32_t k) {
    const int64_t step = args.first + k;
    Sink sink;
    if (neuron.is_there) {
      neuron.collect(args, rows.ring, uint32_t(step) & args.slots_mask);
      if (until_sample == 0) sample(args, neuron, step);
      neuron.run(step, sink);
      if (sink.faulty != ~0u) {
        const uint64_t code = uint64_t(neuron.population->number) << 40 | uint64_t(neuron.index) << 8 | sink.faulty;
        board.note_fault(k, code);
      }
    }
    until_sample = until_sample == 0 ? args.sample_every - 1 : until_sample - 1;
    tell(args, board, mailbox_of(args, k + 1, Shape::kBuffers), Shape::kNeuronWarps, sink.spiked);
    if (sink.spiked) {
      const uint32_t at = atomic_add(&board.counters[kLogged], 1u);
      args.log[uint64_t(block()) * args.log_room + at] = uint64_t(k) << 32 | uint32_t(thread());
    }
  }

  // The spikes at t_n, and random numbers for the next update. False: stop here, since some block asks for it.
  PGL_DEVICE bool exchange(uint32_t k) {
    const uint32_t parity = k & 1u;
    const Mailbox from = mailbox_of(args, k, Shape::kBuffers);
    const auto own = uint32_t(warp());
    if (own >= Shape::kNeuronWarps) listen(board, rows, from, parity, own - Shape::kNeuronWarps, Shape::kPollingWarps);
    tails.load(rows);
    barrier();
    const bool stop = board.counters[kHeard] != 0;
    if (stop && Shape::kLag == 0) return false;
    const uint32_t count = board.counters[kQueued + parity];
    if (thread() == 0) board.counters[kQueued + (parity ^ 1u)] = 0;
    add_spikes(count, k, from);
    barrier();
    return !stop;
  }

  PGL_DEVICE void add_spikes(uint32_t count, uint32_t k, const Mailbox& from) {
    const auto own = uint32_t(warp());
    const auto sent = uint32_t(args.first + k);
    const bool all = count > kQueue;
    if (all) count = 0;
    Heads<Rows, Shape::kDepth> asked;
    for (uint32_t d = 0; d < Shape::kDepth; ++d) {
      const uint32_t at = own + d * Shape::kWarps;
      if (at < count) asked.load(rows, d, board.queue[at]);
    }
    if (neuron.is_there) neuron.draw(args.first + k + (Shape::kLag == 0 ? 0 : 1));
    tails.add(rows);
    if constexpr (Shape::kLag < 2) {
      asked.add(rows, tails, sent);
    } else {
      heads.add(rows, tails, sent - 1);
      heads = asked;
    }
    for (uint32_t at = own + Shape::kDepth * Shape::kWarps; at < count; at += Shape::kWarps) rows.add_row(board.queue[at], sent);
    if (all) add_all(rows, from, sent, Shape::kWarps);
  }

  PGL_DEVICE uint32_t run() {
    const bool updates = uint32_t(warp()) < Shape::kNeuronWarps;
    uint32_t done = 0;
    for (bool go_on = true; go_on && done < args.steps; ++done) {
      at_step(args.first + done);
      if constexpr (Shape::kLag == 0) {
        if (!exchange(done)) break;
        if (updates) update(done);
      } else {
        if (updates) update(done);
        go_on = exchange(done);
      }
    }
    tails.load(rows);
    tails.add(rows);
    if constexpr (Shape::kLag == 2) {
      heads.add(rows, tails, uint32_t(args.first + done) - 1);
      tails.load(rows);
      tails.add(rows);
    }
    barrier();
    return done;
  }
};

template <class Shape, class Ring, class Board>
PGL_DEVICE void run(const pgl_resident& args, Ring ring, const Board& board) {
  using Neuron = typename Shape::Neuron;
  using RowsOf = Rows<typename Shape::Synapse, Ring>;
  board.clear();
  for (auto k = uint32_t(thread()); k < (args.slots_mask + 1) * args.columns; k += uint32_t(threads())) ring[k] = 0;
  barrier();
  Steps<Shape, Board, RowsOf> steps{args, board, RowsOf(args, ring), Neuron{}, {}, {}, 0};
  Neuron& neuron = steps.neuron;
  steps.until_sample = (args.sample_every - uint32_t(uint64_t(args.first) % args.sample_every)) % args.sample_every;
  neuron.is_there = uint32_t(thread()) < args.places &&
                    find_neuron(args, uint32_t(thread()) * uint32_t(blocks()) + uint32_t(block()), neuron.which, neuron.index);
  if (neuron.is_there) {
    neuron.take_over(args);
    move_sums(args, ring, neuron.which, neuron.index, args.first, false);
    if (Shape::kLag != 0) neuron.draw(args.first);
  }
  tell_again(args, board, mailbox_of(args, 0, Shape::kBuffers));
  barrier();
  const uint32_t done = steps.run();
  const uint32_t heard = board.counters[kHeard] & kFault;
  if (heard == 0 && neuron.is_there) {
    neuron.give_back();
    move_sums(args, ring, neuron.which, neuron.index, args.first + done, true);
  }
  if (thread() == 0) {
    const uint32_t fault_step = board.counters[kFaultStep];
    args.ends[block()] = {done, fault_step == kNoStep ? int64_t(-1) : args.first + fault_step, board.fault[0],
                          board.counters[kLogged], heard};
  }
}

}  // namespace pgl::resident

#endif
