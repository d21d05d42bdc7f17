// What the plan "resident" does before and after its launches, whatever the model. PGL_REAL_BYTES, 4 or 8, is defined in
// front of this text.
#include "cuda/real.hpp"

#include "cuda/resident/slicing.hpp"
#include "cuda/resident/unpacking.hpp"

PGL_KERNEL(pgl_resident_measure, pgl_slicing, 128) {
  PGL_SHARED(uint32_t, total, pgl::resident::kMostBlocks);
  pgl::resident::measure(args, total);
}

PGL_KERNEL(pgl_resident_slice_wide, pgl_slicing, 128) {
  using namespace pgl::resident;
  PGL_SHARED(uint32_t, total, kMostBlocks);
  PGL_SHARED(uint32_t, early, kMostBlocks);
  PGL_SHARED(uint32_t, late, kMostBlocks);
  PGL_SHARED(uint64_t, tail, kMostBlocks);
  slice<WideSynapse>(args, total, early, late, tail);
}

PGL_KERNEL(pgl_resident_slice_packed, pgl_slicing, 128) {
  using namespace pgl::resident;
  PGL_SHARED(uint32_t, total, kMostBlocks);
  PGL_SHARED(uint32_t, early, kMostBlocks);
  PGL_SHARED(uint32_t, late, kMostBlocks);
  PGL_SHARED(uint64_t, tail, kMostBlocks);
  slice<PackedSynapse>(args, total, early, late, tail);
}

PGL_LOOP(pgl_resident_clear, pgl_unpacking, 128) { pgl::resident::clear_rows(args, pgl::range_of_grid()); }

PGL_LOOP(pgl_resident_unpack, pgl_unpacking, 128) { pgl::resident::unpack(args); }
