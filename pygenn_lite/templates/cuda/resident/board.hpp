// What the warps of a block tell each other in shared memory: spikes that came in, spikes of its own, and why to stop.
#ifndef PGL_RESIDENT_BOARD_HPP
#define PGL_RESIDENT_BOARD_HPP

#include "cuda/resident/message.hpp"
#include "cuda/resident/rows.hpp"

namespace pgl::resident {

enum Counter : uint32_t {
  kQueued = 0,     // spikes that came in, of even and of odd steps
  kHeard = 2,      // kStop, kFault: of some message
  kLogged = 3,     // spikes in the log
  kFaultStep = 4,  // step of the first fault, since the launch began
  kCounters = 5
};
inline constexpr uint32_t kSpikesSent = 8, kSpikesMask = 0xfff, kFaultSent = 1u << 31, kNoStep = 0xffffffffu;

template <class Words, class Faults>
struct Board {
  Words queue;     // [kQueue] numbers of neurons
  Words own;       // [kMostPlaces] places of neurons that spiked
  Words counters;  // [kCounters]
  Words sent;      // [32], the first: warps that are done with this step | spikes of it << 8 | whether there is a fault << 31
  Faults fault;    // [1]

  PGL_DEVICE void clear() const {
    if (thread() < int(kCounters)) counters[thread()] = thread() == int(kFaultStep) ? kNoStep : 0u;
    if (thread() < 32) sent[thread()] = 0;
    if (thread() == 0) fault[0] = ~uint64_t{0};
  }
  // By all lanes of a warp: adds to the first of `sent`. Each lane adds to a word of its own, all but the first of them 0: if
  // only one did, the compiler would put a dozen instructions in front, to make one addition of several.
  PGL_DEVICE uint32_t add_to_sent(uint32_t value) const {
    const uint32_t before = atomic_add(&sent[lane()], lane() == 0 ? value : 0u);
    return shuffle(before, 0);
  }
  // By one thread.
  PGL_DEVICE void note_fault(uint32_t step, uint64_t code) const {
    const uint32_t earlier = atomic_min(&counters[kFaultStep], step);
    if (earlier >= step) atomic_min(&fault[0], code);
    atomic_or(&sent[0], kFaultSent);
  }
};

template <class Words, class Faults>
PGL_DEVICE Board<Words, Faults> board_of(Words queue, Words own, Words counters, Words sent, Faults fault) {
  return {queue, own, counters, sent, fault};
}

// One warp's part in telling the other blocks who spiked: whoever comes last sends the message.
template <class Board>
PGL_DEVICE void tell(const pgl_resident& args, const Board& board, const Mailbox& to, uint32_t warps, bool spiked) {
  const uint32_t votes = ballot(spiked);
  if (votes != 0) {
    const uint32_t before = board.add_to_sent(uint32_t(popcount(votes)) << kSpikesSent) >> kSpikesSent & kSpikesMask;
    if (spiked) store_fresh(&board.own[before + uint32_t(popcount(votes & ((1u << lane()) - 1)))], uint32_t(thread()));
    fence_block();
    warp_barrier();
  }
  const uint32_t logged = load_fresh(&board.counters[kLogged]);  // on its way while the counter is
  const uint32_t before = board.add_to_sent(1);
  if ((before & 0xffu) != warps - 1) return;
  const uint32_t count = before >> kSpikesSent & kSpikesMask;
  if (count != 0) fence_block();
  uint32_t wish = before & kFaultSent ? kFault : 0u;
  // All may still spike in this update, in the next one, and in the one at whose end this message is read; `logged` may lack
  // none of the last one's.
  if (logged + 3 * args.places > args.log_room) wish |= kStop;
  send(to, board.own, count, wish);
  if (lane() == 0) store_fresh(&board.sent[0], 0u);
}

// Reads the messages of all blocks about one step and notes the spikes. By `warps` warps, of which this one is `part`.
template <class Board, class Rows>
PGL_DEVICE void listen(const Board& board, const Rows& rows, const Mailbox& from, uint32_t parity, uint32_t part,
                       uint32_t warps) {
  const auto n = uint32_t(blocks());
  for (uint32_t peer = part * 32 + uint32_t(lane()); peer < n; peer += warps * 32) {
    const Received received = receive(from, peer);
    if (received.header == 0) continue;
    if (received.header & (kStop | kFault)) atomic_or(&board.counters[kHeard], received.header & (kStop | kFault));
    if (received.count == 0) continue;
    const uint32_t begin = atomic_add(&board.counters[kQueued + parity], received.count);
    for (uint32_t k = 0; k < received.count && begin + k < kQueue; ++k) {
      const uint32_t number = received.place(k) * n + peer;
      board.queue[begin + k] = number;
      rows.prefetch_head(number);
    }
  }
}

// Where more spiked than the queue holds: all messages are read again.
template <class Rows>
PGL_DEVICE void add_all(const Rows& rows, const Mailbox& from, uint32_t sent, uint32_t warps) {
  uint32_t mine = 0;
  const auto n = uint32_t(blocks());
  for (uint32_t peer = 0; peer < n; ++peer) {
    const Received received = receive(from, peer);
    for (uint32_t k = 0; k < received.count; ++k) {
      if (mine == uint32_t(warp())) rows.add_row(received.place(k) * n + peer, sent);
      mine = mine + 1 == warps ? 0 : mine + 1;
    }
  }
}

}  // namespace pgl::resident

#endif
