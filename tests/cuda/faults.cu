// Kernels with one fault each, in the line that ends in `// fault: <kernel>` (test_emulator_faults.py).
#include "common/device.hpp"

struct Given {
  int32_t* numbers;  // [128]
  pgl::Message* messages;  // [8]
  int64_t where;  // the thread, or whatever it takes
};

// ---------------------------------------------------------------- barriers
PGL_KERNEL(divergent_barrier, Given, 128) {
  pgl::at_step(500);
  if (pgl::thread() == args.where) {
    pgl::barrier();  // fault: divergent_barrier
  } else {
    pgl::barrier();  // other: divergent_barrier
  }
}
PGL_KERNEL(barrier_of_some, Given, 128) {
  if (pgl::thread() >= args.where) return;
  pgl::barrier();  // fault: barrier_of_some
}
PGL_KERNEL(extra_barrier, Given, 128) {
  if (pgl::thread() < 64) pgl::barrier();  // fault: extra_barrier
  if (pgl::block() == 1) pgl::wait_message(args.messages, 9);
}

// ---------------------------------------------------------------- votes and shuffles
PGL_KERNEL(vote_of_some, Given, 128) {
  if (pgl::lane() < 16) args.numbers[0] = int32_t(pgl::ballot(true));  // other: vote_of_some
  pgl::barrier();  // fault: vote_of_some
}
PGL_KERNEL(two_votes, Given, 128) {
  if (pgl::lane() < 16) {
    args.numbers[0] = pgl::any(true);  // other: two_votes
  } else {
    args.numbers[0] = pgl::any(false);  // fault: two_votes
  }
}
PGL_KERNEL(vote_and_shuffle, Given, 128) {
  args.numbers[0] = pgl::lane() == 3 ? pgl::shuffle(1, 0) : int32_t(pgl::ballot(true));  // fault: vote_and_shuffle
}
PGL_KERNEL(leaves_a_vote, Given, 128) {
  if (pgl::lane() == 31) return;
  args.numbers[0] = pgl::shuffle_xor(pgl::thread(), 1);  // fault: leaves_a_vote
}
PGL_KERNEL(vote_behind_leaving, Given, 128) {
  if (pgl::lane() == 0) return;
  args.numbers[0] = pgl::shuffle_up(pgl::thread(), 1);  // fault: vote_behind_leaving
}

// ---------------------------------------------------------------- waits that nobody ends
PGL_KERNEL(never_stored, Given, 128) {
  if (pgl::thread() == 5 && pgl::block() == 1) {
    pgl::wait_message(args.messages, 12);  // fault: never_stored
  }
  pgl::barrier();  // other: never_stored
}
PGL_KERNEL(overwritten, Given, 128) {
  if (pgl::block() == 0 && pgl::thread() == 0) pgl::store_message(args.messages, pgl::Message{8, {0, 0, 0}});
  if (pgl::block() == 1) pgl::wait_message(args.messages, 7);  // fault: overwritten
}
PGL_KERNEL(not_resident, Given, 128) {
  pgl::Message* const own = args.messages + pgl::block();
  if (pgl::thread() == 0) pgl::store_message(own, pgl::Message{1, {0, 0, 0}});
  pgl::wait_message(args.messages + pgl::blocks() - 1, 1);  // fault: not_resident
}
PGL_KERNEL(never_counted, Given, 128) {
  uint32_t* const counter = reinterpret_cast<uint32_t*>(args.numbers);
  if (pgl::thread() < 3) pgl::atomic_add(counter, 1);
  pgl::wait_count(counter, 4);  // fault: never_counted
}
PGL_KERNEL(by_hand, Given, 128) {
  while (pgl::load_fresh(args.numbers) == 0) {  // fault: by_hand
  }
}
PGL_KERNEL(crooked_message, Given, 128) {
  pgl::store_message(reinterpret_cast<pgl::Message*>(args.numbers + 1), pgl::Message{});  // fault: crooked_message
}

// ---------------------------------------------------------------- races on shared memory
PGL_KERNEL(read_beside_write, Given, 128) {
  PGL_SHARED(int32_t, table, 128);
  table[pgl::thread()] = pgl::thread();  // other: read_beside_write
  if (pgl::thread() == 127) args.numbers[0] = table[0];  // fault: read_beside_write
}
PGL_KERNEL(two_writes, Given, 128) {
  PGL_SHARED(int32_t, table, 4);
  table[pgl::warp()] = pgl::thread();  // fault: two_writes
}
PGL_KERNEL(atomic_beside_write, Given, 128) {
  PGL_SHARED(int32_t, count, 1);
  if (pgl::thread() == 0) count[0] = 0;  // other: atomic_beside_write
  pgl::atomic_add(&count[0], 1);  // fault: atomic_beside_write
}
PGL_KERNEL(read_beside_atomic, Given, 128) {
  PGL_SHARED(int32_t, count, 1);
  if (pgl::thread() == 0) count[0] = 0;
  pgl::barrier();
  pgl::at_step(3);
  if (pgl::thread() != 100) pgl::atomic_add(&count[0], 1);  // other: read_beside_atomic
  pgl::ballot(true);
  if (pgl::thread() == 100) args.numbers[0] = count[0];  // fault: read_beside_atomic
}
PGL_KERNEL(no_order_by_votes, Given, 128) {
  PGL_SHARED(float, table, 128);
  table[pgl::thread()] = 1.0f;  // other: no_order_by_votes
  pgl::ballot(true);
  const float other = table[pgl::thread() ^ 1];  // fault: no_order_by_votes
  args.numbers[0] = int32_t(other);
}
PGL_KERNEL(order_within_a_warp_only, Given, 128) {
  PGL_SHARED(float, near, 128);
  PGL_SHARED(float, far, 1);
  near[pgl::thread()] = 1.0f;
  if (pgl::thread() == 32) far[0] = 1.0f;
  pgl::warp_barrier();
  const float other = near[pgl::thread() ^ 1];
  if (pgl::warp() == 1) args.numbers[0] = int32_t(other + far[0]);
  pgl::barrier();
  if (pgl::thread() == 32) far[0] = 2.0f;  // other: order_within_a_warp_only
  pgl::warp_barrier();
  if (pgl::thread() == 33) args.numbers[0] = int32_t(far[0]);
  if (pgl::thread() == 66) args.numbers[0] = int32_t(far[0]);  // fault: order_within_a_warp_only
}
PGL_KERNEL(next_step_too_soon, Given, 128) {
  PGL_SHARED(int32_t, total, 1);
  for (int step = 1; step < 3; ++step) {
    pgl::at_step(step);
    if (pgl::thread() == 0) total[0] = step;  // fault: next_step_too_soon
    pgl::barrier();
    args.numbers[pgl::thread()] = total[0];  // other: next_step_too_soon
  }
}

// ---------------------------------------------------------------- what shared memory holds, and how much
PGL_KERNEL(unwritten, Given, 128) {
  PGL_SHARED(int32_t, table, 8);
  if (pgl::thread() != 5 && pgl::thread() < 8) table[pgl::thread()] = 1;
  pgl::barrier();
  if (pgl::thread() < 8) args.numbers[pgl::thread()] = table[pgl::thread()];  // fault: unwritten
}
PGL_KERNEL(outside, Given, 128) {
  PGL_SHARED(int32_t, table, 8);
  if (pgl::thread() == 3) table[args.where] = 1;  // fault: outside
}
PGL_KERNEL(too_large, Given, 128) {
  PGL_SHARED(double, table, 10000);
  PGL_SHARED(double, more, 10000);  // fault: too_large
  table[pgl::thread()] = more[pgl::thread()] = 1.0;
}
PGL_KERNEL(beyond_the_launch, Given, 128) {
  PGL_DYNAMIC_SHARED_PART(int32_t, a, 0, 16);
  PGL_DYNAMIC_SHARED_PART(int32_t, b, 64, 17);  // fault: beyond_the_launch
  a[pgl::thread() % 16] = b[0] = 0;
}
PGL_KERNEL(overlapping, Given, 128) {
  PGL_DYNAMIC_SHARED_PART(int32_t, a, 0, 16);
  PGL_DYNAMIC_SHARED_PART(int32_t, b, 60, 8);  // fault: overlapping
  a[pgl::thread() % 16] = b[0] = 0;
}
PGL_KERNEL(crooked_part, Given, 128) {
  PGL_DYNAMIC_SHARED_PART(int64_t, a, 4, 8);  // fault: crooked_part
  a[0] = 0;
}

// ---------------------------------------------------------------- kernels that are loops
PGL_LOOP(barrier_in_a_loop, Given, 128) {
  if (pgl::first() == args.where) pgl::barrier();  // fault: barrier_in_a_loop
}
PGL_LOOP(vote_in_a_loop, Given, 128) {
  args.numbers[0] = pgl::any(true);  // fault: vote_in_a_loop
}
PGL_LOOP(shared_in_a_loop, Given, 128) {
  PGL_SHARED(int32_t, table, 8);  // fault: shared_in_a_loop
  table[0] = 1;
}
PGL_LOOP(wait_in_a_loop, Given, 128) {
  if (pgl::first() == args.where) pgl::wait_message(args.messages, 1);  // fault: wait_in_a_loop
}

// ---------------------------------------------------------------- what the processor refuses
PGL_KERNEL(outside_memory, Given, 128) {
  pgl::at_step(4);
  pgl::barrier();  // fault: outside_memory
  args.numbers[pgl::thread() + args.where] = 1;
}
PGL_LOOP(no_memory, Given, 128) {
  int32_t* const* const nowhere = reinterpret_cast<int32_t* const*>(args.messages);
  args.numbers[pgl::thread()] = **nowhere;
}
PGL_LOOP(by_zero, Given, 128) {
  args.numbers[pgl::thread()] = 7 / args.numbers[args.where];
}
PGL_KERNEL(full_stack, Given, 128) {
  double local[20000];
  for (int i = 0; i < 20000; ++i) local[i] = args.numbers[i % 128];
  args.numbers[0] = int32_t(local[args.where]);
}

// ---------------------------------------------------------------- without a fault
PGL_KERNEL(faultless, Given, 128) {
  PGL_SHARED(int32_t, table, 128);
  table[pgl::thread()] = pgl::thread();
  pgl::barrier();
  args.numbers[pgl::thread()] = table[127 - pgl::thread()];
}
