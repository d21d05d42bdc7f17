// What a postsynaptic spike costs at least: one weight of each of its 800 synapses, which lie scattered over 32 MiB (8
// million synapses stored by source). Reads alone, and reads with a change, in the pattern of the STDP benchmark.
//
//     g++ -O3 -march=native benchmarks/scattered_weights.cpp -o /tmp/scattered && /tmp/scattered
#include <sys/mman.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

static double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

int main() {
  constexpr uint32_t kSources = 8000, kTargets = 10000, kDegree = 1000, kAhead = 64, kSpikes = 30000;
  constexpr std::size_t kBytes = std::size_t{4} * kSources * kDegree;
  auto* weight = static_cast<float*>(std::aligned_alloc(2 << 20, (kBytes + (2 << 20) - 1) >> 21 << 21));
  madvise(weight, kBytes, MADV_HUGEPAGE);
  std::mt19937 random(1);
  std::vector<std::vector<uint32_t>> columns(kTargets);
  for (uint32_t k = 0; k < kSources * kDegree; ++k) {
    weight[k] = 0.2f;
    columns[random() % kTargets].push_back(k);
  }
  for (const bool changed : {false, true}) {
    std::size_t events = 0;
    volatile float sink = 0;
    const double start = now();
    for (uint32_t spike = 0; spike < kSpikes; ++spike) {
      const std::vector<uint32_t>& places = columns[random() % kTargets];
      float sum = 0;
      for (std::size_t e = 0; e < places.size(); ++e) {
        if (e + kAhead < places.size()) __builtin_prefetch(weight + places[e + kAhead], 0, 2);
        sum += weight[places[e]];
        if (changed) weight[places[e]] += 1e-6f;
      }
      sink = sink + sum;
      events += places.size();
    }
    std::printf("%s: %.2f ns per weight\n", changed ? "read and changed" : "read", (now() - start) / events * 1e9);
  }
}
