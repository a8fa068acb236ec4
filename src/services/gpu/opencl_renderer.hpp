// The renderer on an OpenCL device, through the ICD loader. OpenCL is seen only in
// opencl_renderer.cpp; the kernels are in kernels.hpp and are compiled when the renderer is made
// (PoCL: a second the first time, then from POCL_CACHE_DIR).
#pragma once

#include <memory>

#include "services/gpu/renderer.hpp"

namespace jetway::gpu {

/// On the first GPU, else on any device. E-UNSUPPORTED when there is none, E-IO when the kernels do
/// not build.
Result<std::unique_ptr<Renderer>> make_opencl_renderer();

}  // namespace jetway::gpu
