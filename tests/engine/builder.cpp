// The builder, and loops over the common functions, for the tests.
#include "common/math.hpp"
#include "common/poisson.hpp"
#include "common/random.hpp"
#include "cpp/engine/builder.cpp"

extern "C" {

#define PGL_TEST_UNARY(name)                                                               \
  void name##_float(const float* x, float* out, int64_t n) {                               \
    for (int64_t i = 0; i < n; ++i) out[i] = pgl::name(x[i]);                              \
  }                                                                                        \
  void name##_double(const double* x, double* out, int64_t n) {                            \
    for (int64_t i = 0; i < n; ++i) out[i] = pgl::name(x[i]);                              \
  }
#define PGL_TEST_BINARY(name)                                                              \
  void name##_float(const float* x, const float* y, float* out, int64_t n) {               \
    for (int64_t i = 0; i < n; ++i) out[i] = pgl::name(x[i], y[i]);                        \
  }                                                                                        \
  void name##_double(const double* x, const double* y, double* out, int64_t n) {           \
    for (int64_t i = 0; i < n; ++i) out[i] = pgl::name(x[i], y[i]);                        \
  }
PGL_TEST_UNARY(exp)
PGL_TEST_UNARY(expm1)
PGL_TEST_UNARY(exprel)
PGL_TEST_UNARY(exprel_slope)
PGL_TEST_UNARY(log)
PGL_TEST_UNARY(sin)
PGL_TEST_UNARY(cos)
PGL_TEST_UNARY(tan)
PGL_TEST_UNARY(sinh)
PGL_TEST_UNARY(cosh)
PGL_TEST_UNARY(tanh)
PGL_TEST_UNARY(sqrt)
PGL_TEST_UNARY(abs)
PGL_TEST_UNARY(floor)
PGL_TEST_UNARY(ceil)
PGL_TEST_UNARY(sign)
PGL_TEST_BINARY(pow)
PGL_TEST_BINARY(min)
PGL_TEST_BINARY(max)

void philox_call(uint64_t seed, const uint32_t* counter, uint32_t* out) {
  const pgl::Words4 words = pgl::philox4x32(seed, counter[0], counter[1], counter[2], counter[3]);
  for (int k = 0; k < 4; ++k) out[k] = words.word[k];
}
void words_block(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t step, uint32_t first, uint32_t* out) {
  pgl::philox_words64(seed, stream, purpose, step, first, out);
}
void uniforms_float(uint64_t seed, int64_t blocks, float* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::uniforms64(seed, 5u, 0u, int64_t{3}, uint32_t(b), out + 64 * b);
}
void uniforms_double(uint64_t seed, int64_t blocks, double* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::uniforms64(seed, 5u, 0u, int64_t{3}, uint32_t(b), out + 64 * b);
}
void normals_float(uint64_t seed, int64_t blocks, float* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::normals64(seed, 5u, 0u, int64_t{3}, uint32_t(b), out + 64 * b);
}
void normals_double(uint64_t seed, int64_t blocks, double* out) {
  for (int64_t b = 0; b < blocks; ++b) pgl::normals64(seed, 5u, 0u, int64_t{3}, uint32_t(b), out + 64 * b);
}
float unit_float(uint32_t word) { return pgl::unit<float>(word); }
void normal_quantiles(const uint32_t* words, int64_t n, float* single, double* both) {
  for (int64_t i = 0; i < n; ++i) {
    single[i] = pgl::detail::normal_of_word<float>(words[i]);
    both[i] = pgl::detail::normal_of_word<double>(words[i]);
  }
}
void poisson_block(const pgl_poisson* input, uint64_t seed, int64_t step, uint32_t block, uint32_t begin, uint32_t count,
                   int32_t* out) {
  pgl::poisson64(*input, seed, step, block, begin, count, out);
}
// One row of a procedural store; returns the number of synapses.
int64_t procedural_row(const pgl_store* store, uint32_t shard, uint32_t source, uint32_t* targets, double* weights) {
  static pgl::RegeneratedRow row;
  pgl::regenerate_row(*store, shard, source, row);
  for (std::size_t k = 0; k < row.target.size(); ++k) targets[k] = row.target[k];
  for (std::size_t k = 0; k < row.weight.size(); ++k) weights[k] = row.weight[k];
  return int64_t(row.target.size());
}
double binomial_draw(double u, double n, double p) { return pgl::detail::draw_binomial(u, n, p); }
double hypergeometric_draw(double u, double n, double good, double total) {
  return pgl::detail::draw_hypergeometric(u, n, good, total);
}

}  // extern "C"
