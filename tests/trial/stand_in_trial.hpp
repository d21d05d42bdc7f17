// What a trial is to a loss, with given states and spikes: hooks are called as a trial calls them, by a block of any
// number of threads, and what they do is written down.
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "common/machine.hpp"
#include "common/math.hpp"

#define PGL_DEVICE inline __attribute__((always_inline))
using real = double;

// What Python gives and gets back (tests/trial/stand_in_trial.py mirrors it).
struct Given {
  uint32_t populations, steps, threads, label, states, adjoints, gradients, exact;
  double dt;
  const uint32_t* sizes;
  const double *targets, *constants, *shared;
  const double* const* trace;     // by population [steps + 1][states][n]
  const double* const* crossing;  // by population [steps][n]: where in the step it spikes; 0: it does not
  const double* const* mean_count;
  double *loss, *outputs, *metrics;
  uint32_t* prediction;
  double* const* drive;     // [steps][adjoints][n]
  double* const* back;      // [steps][n]
  double* const* price;     // [steps][n]
  double* const* push;      // [steps][adjoints][n]
  double* const* gradient;  // [gradients][n]
};

struct Barrier {
  explicit Barrier(uint32_t count) : count_(count) {}
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    const uint64_t turn = turn_;
    if (++waiting_ == count_) {
      waiting_ = 0;
      ++turn_;
      all_.notify_all();
    } else {
      all_.wait(lock, [&] { return turn != turn_; });
    }
  }
  std::mutex mutex_;
  std::condition_variable all_;
  uint32_t count_, waiting_ = 0;
  uint64_t turn_ = 0;
};

struct Block {
  Block(const Given& given, uint64_t scratch) : given(given), barrier(given.threads), scratch(scratch, -777.0) {
    uint32_t most = 0;
    for (uint32_t k = 0; k < given.populations; ++k) {
      counts.emplace_back(given.sizes[k], 0);
      most = given.sizes[k] > most ? given.sizes[k] : most;
    }
    shared.resize(most);
  }
  const Given& given;
  Barrier barrier;
  std::vector<double> scratch, shared;
  std::vector<std::vector<uint32_t>> counts;
};

struct Neuron {
  const Given& given;
  uint32_t population, i;
  uint64_t row;  // of the trace
  double *to, *own_gradient;
  uint32_t neuron() const { return i; }
  real state(uint32_t k) const {
    const uint64_t n = given.sizes[population];
    return given.trace[population][(row * given.states + k) * n + i];
  }
  real shared(uint32_t k) const { return given.shared[k]; }
  real& adjoint(uint32_t k) const { return to[uint64_t(k) * given.sizes[population] + i]; }
  void gradient(uint32_t k, real value) const { own_gradient[uint64_t(k) * given.sizes[population] + i] += value; }
  real crossing() const { return given.crossing[population][(row - 1) * given.sizes[population] + i]; }
};

struct Trial {
  Block& block;
  uint32_t thread, step = 0;
  uint64_t row = 0;

  struct Population {
    Trial& trial;
    uint32_t number;
    uint32_t n() const { return trial.block.given.sizes[number]; }
    uint32_t count(uint32_t i) const { return trial.block.counts[number][i]; }
    real mean_count(uint32_t i) const { return trial.block.given.mean_count[number][i]; }
    real& back(uint32_t i) const { return trial.block.given.back[number][uint64_t(trial.step) * n() + i]; }
    template <class F>
    void lanes(const F& f) const {
      trial.lanes(n(), [&](uint32_t i) { f(trial.neuron(number, i, trial.block.given.drive[number])); });
    }
  };
  Neuron neuron(uint32_t number, uint32_t i, double* to) {
    const Given& g = block.given;
    return {g, number, i, row, to + uint64_t(step) * g.adjoints * g.sizes[number], g.gradient[number]};
  }
  template <uint32_t K>
  Population population() {
    return {*this, K};
  }
  uint32_t steps() const { return block.given.steps; }
  real dt() const { return block.given.dt; }
  uint32_t label() const { return block.given.label; }
  const real* targets() const { return block.given.targets; }
  real constant(uint32_t k) const { return block.given.constants[k]; }
  real* scratch() const { return block.scratch.data(); }
  void barrier() { block.barrier.wait(); }
  template <class F>
  void lanes(uint32_t n, const F& f) {
    for (uint32_t i = thread; i < n; i += block.given.threads) f(i);
  }
  template <class F>
  real fold(uint32_t n, const F& f, bool largest) {
    lanes(n, [&](uint32_t i) { block.shared[i] = f(i); });
    barrier();
    real result = block.shared[0];
    for (uint32_t i = 1; i < n; ++i) result = largest ? pgl::max(result, block.shared[i]) : result + block.shared[i];
    barrier();
    return result;
  }
  template <class F>
  real sum(uint32_t n, const F& f) {
    return fold(n, f, false);
  }
  template <class F>
  real maximum(uint32_t n, const F& f) {
    return fold(n, f, true);
  }
  real& output(uint32_t i) { return block.given.outputs[i]; }
  void set_loss(real value) {
    if (thread == 0) *block.given.loss = value;
  }
  void set_prediction(uint32_t value) {
    if (thread == 0) *block.given.prediction = value;
  }
  void set_metric(uint32_t k, real value) {
    if (thread == 0) block.given.metrics[k] = value;
  }
};

template <class F>
void at_spikes(Trial& trial, uint32_t population, uint32_t step, const F& f) {
  const Given& g = trial.block.given;
  const uint32_t n = g.sizes[population];
  trial.lanes(n, [&](uint32_t i) {
    if (!(g.crossing[population][uint64_t(step) * n + i] > 0)) return;
    uint32_t number = 0;
    for (uint32_t s = 0; s < step; ++s) number += g.crossing[population][uint64_t(s) * n + i] > 0;
    f(i, number);
  });
}

template <class Loss, uint32_t K>
void forwards(Trial& trial, uint32_t step) {
  at_spikes(trial, K, step, [&](uint32_t i, uint32_t number) {
    trial.block.counts[K][i] = number + 1;
    if (Loss::spikes(K)) Loss::template spike<K>(trial.neuron(K, i, trial.block.given.drive[K]), trial, step, number);
  });
}

template <class Loss, uint32_t K>
void backwards(Trial& trial, uint32_t step) {
  const Given& g = trial.block.given;
  if (!g.exact) return;
  at_spikes(trial, K, step, [&](uint32_t i, uint32_t number) {
    const Neuron neuron = trial.neuron(K, i, g.push[K]);
    if (Loss::prices(K)) g.price[K][uint64_t(step) * g.sizes[K] + i] += Loss::template price<K>(neuron, trial, step, number);
    if (Loss::pushes(K)) Loss::template push<K>(neuron, trial);
  });
}

template <class Loss>
void of_thread(Block& block, uint32_t thread) {
  Trial trial{block, thread};
  Loss::begin(trial);
  const uint32_t steps = block.given.steps;
  for (uint32_t step = 0; step < steps; ++step) {
    trial.step = step;
    trial.row = step + 1;
    forwards<Loss, 0>(trial, step);
    forwards<Loss, 1>(trial, step);
    Loss::observe(trial, step);
  }
  Loss::finish(trial);
  trial.row = ~uint64_t(0) >> 16;  // the way back has no states
  for (uint32_t step = steps; step-- > 0;) {
    trial.step = step;
    Loss::drive(trial, step);
    backwards<Loss, 0>(trial, step);
    backwards<Loss, 1>(trial, step);
  }
}

template <class Loss>
void carry_out(const Given& given) {
  Block block(given, Loss::scratch(given.sizes, given.steps));
  std::vector<std::thread> others;
  for (uint32_t k = 1; k < given.threads; ++k) others.emplace_back([&, k] { of_thread<Loss>(block, k); });
  of_thread<Loss>(block, 0);
  for (auto& one : others) one.join();
}
