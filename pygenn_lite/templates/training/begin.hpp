// What every training program begins with.
#ifndef PGL_TRAINING_BEGIN_HPP
#define PGL_TRAINING_BEGIN_HPP

#include "common/device.hpp"
#include "common/expm.hpp"
#include "common/math.hpp"
#include "training/expm_gradient.hpp"
#include "training/records.h"

#endif
