// What a device's compiler knows without headers, for one of the host: the branches of templates/common for devices run here.
#include <math.h>
#include <stdint.h>

#define PGL_ON_DEVICE 1
#define __host__
#define __device__
#define __forceinline__ inline
#define __noinline__
