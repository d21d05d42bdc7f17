// What a block tells all others after each step, in 16 bytes: the step, and which of its neurons spiked. Up to 9 of them
// stand in the message (10 bits each, three in a word); more stand in a list. The two uppermost bits of the words make the
// header: how many (15: see the list), and whether the block wants all to stop.
#ifndef PGL_RESIDENT_MESSAGE_HPP
#define PGL_RESIDENT_MESSAGE_HPP

#include "cuda/resident/records.hpp"

namespace pgl::resident {

inline constexpr uint32_t kInMessage = 9, kInList = 15;
inline constexpr uint32_t kStop = 16, kFault = 32;  // soon, since there is no room for more spikes; because of a fault
inline constexpr uint32_t kIndexBits = 10, kLowBits = 0x3fffffffu;

PGL_DEVICE uint32_t header_of(const Message& message) {
  return message.words[0] >> 30 | message.words[1] >> 30 << 2 | message.words[2] >> 30 << 4;
}
PGL_DEVICE uint32_t index_of(const Message& message, uint32_t k) {
  const uint32_t word = k < 3 ? message.words[0] : k < 6 ? message.words[1] : message.words[2];
  return word >> kIndexBits * (k % 3) & kMostPlaces;
}

// The messages of all blocks about one step, and the lists behind them.
struct Mailbox {
  Message* messages;
  uint32_t* spilled;
  uint32_t places, tag;

  PGL_DEVICE Message* of(uint32_t peer) const { return messages + peer * kMessageDistance; }
  PGL_DEVICE uint32_t* list_of(uint32_t peer) const { return spilled + uint64_t(peer) * places; }
};
PGL_DEVICE Mailbox mailbox_of(const pgl_resident& args, uint32_t step, uint32_t buffers) {
  const uint32_t buffer = step & (buffers - 1);
  const auto n = uint32_t(blocks());
  return {args.messages + uint64_t(buffer) * n * kMessageDistance, args.spilled + uint64_t(buffer) * n * args.places,
          args.places, args.tag + step};
}

// By all lanes of one warp: the first `count` of `list` have spiked.
template <class List>
PGL_DEVICE void send(const Mailbox& to, List list, uint32_t count, uint32_t wish) {
  Message message = {to.tag, {0, 0, 0}};
  uint32_t header = wish | (count > kInMessage ? kInList : count);
  if (count > kInMessage) {
    uint32_t* const spilled = to.list_of(uint32_t(block()));
    for (auto k = uint32_t(lane()); k < count; k += 32) spilled[k] = load_fresh(&list[k]);
    warp_barrier();  // the fence of the lane that sends stands behind what all lanes have written
    fence();
    message.words[0] = count;
  } else {
    for (uint32_t k = 0; k < count; ++k) {
      const uint32_t part = load_fresh(&list[k]) << kIndexBits * (k % 3);
      if (k < 3) {
        message.words[0] |= part;
      } else if (k < 6) {
        message.words[1] |= part;
      } else {
        message.words[2] |= part;
      }
    }
  }
  message.words[0] |= header << 30;
  message.words[1] |= header >> 2 << 30;
  message.words[2] |= header >> 4 << 30;
  if (lane() == 0) store_message(to.of(uint32_t(block())), message);
}

// A message that has come.
struct Received {
  Message message;
  const uint32_t* list;
  uint32_t header, count;

  PGL_DEVICE uint32_t place(uint32_t k) const {
    return list != nullptr ? load_fresh(list + k) : index_of(message, k);
  }
};
PGL_DEVICE Received receive(const Mailbox& from, uint32_t peer) {
  Received received = {wait_message(from.of(peer), from.tag), nullptr, 0, 0};
  received.header = header_of(received.message);
  received.count = received.header & 15u;
  if (received.count == kInList) {
    received.count = received.message.words[0] & kLowBits;
    received.list = from.list_of(peer);
    fence();
  }
  return received;
}

}  // namespace pgl::resident

#endif
