// The builder: the shared object that makes stores (the engine, which walks them, is another: engine.cpp).
#include "build.hpp"

extern "C" {

int32_t pgl_abi_version(void) { return PGL_ABI_VERSION; }
const char* pgl_last_error(void) { return pgl::last_error().text; }

}  // extern "C"
