// jetway-mp4: mp4-encoder as a process of its own, because FFmpeg's x264 makes it a GPL program.
#include "attach/program.hpp"
#include "services/mp4/mp4.hpp"

int main(int argc, char** argv) {
    return jetway::attach::run_service(argc, argv, jetway::mp4::kind, jetway::mp4::capabilities(),
                                       jetway::mp4::make);
}
