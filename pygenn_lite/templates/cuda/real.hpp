// The real type of what is compiled once for each precision: PGL_REAL_BYTES, 4 or 8, is defined in front.
#ifndef PGL_CUDA_REAL_HPP
#define PGL_CUDA_REAL_HPP

#if PGL_REAL_BYTES == 8
using real = double;
#else
using real = float;
#endif

#endif
