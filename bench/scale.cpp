// How large a mesh of simulated routers gets, and how fast it comes to know itself: `bench_scale`
// runs everything and prints a table; `bench_scale grid|restart|warm N` runs one mesh. Each mesh
// has a process of its own, so that its memory is its own.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "bench/program.hpp"
#include "simulate/mesh.hpp"
#include "simulate/oracle.hpp"
#include "simulate/shapes.hpp"

namespace {

using namespace jetway;
using namespace jetway::simulate;
using namespace std::chrono_literals;

constexpr CableOptions cable{.latency = 1ms, .jitter = {}, .bytes_per_second = 0};
constexpr std::size_t roots = 32;  // machines held against the oracle

/// What this process has used.
struct Use {
    double core_seconds;
    std::size_t peak_mib;
};

Use use() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return {seconds(usage.ru_utime) + seconds(usage.ru_stime),
            static_cast<std::size_t>(usage.ru_maxrss) / 1024};
}

/// A mesh, and a line of the table for each thing that happens to it.
class Scene {
public:
    Mesh mesh{7};

    /// Runs until all have converged after `happening`, or dies.
    void after(const std::string& happening, const std::function<void()>& happen) {
        const double begun = use().core_seconds;
        const auto frames = mesh.control_frames();
        happen();
        const auto took = run_until_converged(mesh, some(), 60s);
        if (!took) bench::die("not converged 60 s after " + happening);
        print(happening, *took, use().core_seconds - begun, mesh.control_frames() - frames);
        mesh.run_for(2s);  // what comes at once after other news may be held back
    }

private:
    /// Spread over the mesh; those that run.
    std::vector<std::string> some() const {
        const auto& names = mesh.names();
        std::vector<std::string> result;
        for (std::size_t i = 0; i < names.size(); i += std::max(names.size() / roots, 1UL))
            if (mesh.at(names[i]).running()) result.push_back(names[i]);
        return result;
    }

    void print(const std::string& happening, Duration took, double core_seconds,
               std::uint64_t frames) const {
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
        std::printf("| %zu | %zu | %s | %lld ms | %.1f s | %zu MiB | %llu |\n", mesh.names().size(),
                    mesh.cables().size(), happening.c_str(), static_cast<long long>(ms),
                    core_seconds, use().peak_mib, static_cast<unsigned long long>(frames));
        std::fflush(stdout);
    }
};

std::string middle(const Mesh& mesh, std::size_t width) {
    return member(mesh.names().size() / 2 + width / 2);
}

void grid(std::size_t machines) {
    const auto width = static_cast<std::size_t>(std::sqrt(machines));
    Scene scene;
    scene.after("grid, cold start", [&] { make_grid(scene.mesh, width, width, cable); });
    const std::string far = member(1);
    scene.after("link cut in a corner", [&] { scene.mesh.cut(member(0), far); });
    scene.after("router killed in the middle", [&] { scene.mesh.kill(middle(scene.mesh, width)); });
}

void restart(std::size_t machines) {
    Scene scene;
    scene.after("4 links each, cold start", [&] { make_regular(scene.mesh, machines, 4, cable); });
    scene.after("all restart at once", [&] {
        for (const std::string& name : scene.mesh.names()) scene.mesh.restart(name);
    });
}

void warm(std::size_t machines) {
    const auto width = static_cast<std::size_t>(std::sqrt(machines));
    Scene scene;
    Mesh& mesh = scene.mesh;
    scene.after("grid, warm start", [&] {
        for (std::size_t i = 0; i < width * width; ++i) mesh.add(member(i));
        connect_grid(mesh, width, width, cable);
        mesh.warm_up();
    });
    scene.after("link cut in a corner", [&] { mesh.cut(member(0), member(1)); });
    scene.after("router killed in the middle", [&] { mesh.kill(middle(mesh, width)); });
    scene.after("one name offered in a corner", [&] { mesh.at(member(0)).offer("echo"); });
}

void run(const std::string& what, std::size_t machines) {
    if (what == "grid") return grid(machines);
    if (what == "restart") return restart(machines);
    if (what == "warm") return warm(machines);
    bench::die("no such mesh: " + what);
}

/// In a child.
bool run_apart(const std::string& what, std::size_t machines) {
    const pid_t child = fork();
    if (child < 0) bench::die("fork failed");
    if (child == 0) {
        run(what, machines);
        std::exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status == 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::printf(
        "| routers | links | what | converged after | core time | peak memory | routing frames |\n"
        "|---|---|---|---|---|---|---|\n");
    std::fflush(stdout);
    if (argc == 3)
        return run_apart(argv[1], static_cast<std::size_t>(bench::number(argv[2]))) ? 0 : 1;
    if (argc != 1) bench::die("usage: bench_scale [grid|restart|warm N]");
    return run_apart("grid", 1024) && run_apart("restart", 1000) && run_apart("warm", 10'000) ? 0
                                                                                              : 1;
}
