// The echo service as a process of its own, for the tests of what goes between processes.
#include "attach/program.hpp"
#include "services/echo/echo.hpp"

int main(int argc, char** argv) {
    return jetway::attach::run_service(argc, argv, jetway::echo::kind, jetway::echo::capabilities(),
                                       jetway::echo::make);
}
