// jetway-gpu: gpu-server as a process of its own, so that a driver's crash is not the daemon's.
#include <cstdlib>

#include "attach/program.hpp"
#include "services/gpu/gpu.hpp"

int main(int argc, char** argv) {
    setenv("PATH", "/usr/bin:/bin", 0);  // PoCL links its kernels with ld, and aborts without it
    return jetway::attach::run_service(argc, argv, jetway::gpu::kind, jetway::gpu::capabilities(),
                                       jetway::gpu::make);
}
