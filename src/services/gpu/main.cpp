// jetway-gpu: gpu-server as a process of its own, so that a driver's crash is not the daemon's.
#include "attach/program.hpp"
#include "services/gpu/gpu.hpp"

int main(int argc, char** argv) {
    return jetway::attach::run_service(argc, argv, jetway::gpu::capabilities(), jetway::gpu::make);
}
