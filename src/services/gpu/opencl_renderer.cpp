#include "services/gpu/opencl_renderer.hpp"

#include <CL/opencl.hpp>
#include <algorithm>
#include <array>

#include "services/gpu/kernels.hpp"

namespace jetway::gpu {
namespace {

Error failed(std::string_view what, cl_int status) {
    return {Code::io, "OpenCL: " + std::string(what) + " failed (" + std::to_string(status) + ")"};
}

Result<cl::Device> find_device() {
    std::vector<cl::Platform> platforms;
    cl::Platform::get(&platforms);
    std::optional<cl::Device> any;
    for (const cl::Platform& platform : platforms) {
        std::vector<cl::Device> devices;
        platform.getDevices(CL_DEVICE_TYPE_ALL, &devices);
        for (const cl::Device& device : devices) {
            if (device.getInfo<CL_DEVICE_TYPE>() == CL_DEVICE_TYPE_GPU) return device;
            if (!any) any = device;
        }
    }
    if (any) return *any;
    return Error(Code::unsupported,
                 platforms.empty() ? "no OpenCL platform is installed" : "no OpenCL device")
        .then(
            "install pocl-opencl-icd, or the driver of the graphics card with its file in "
            "/etc/OpenCL/vendors");
}

/// Work items of one group, the same for every picture: PoCL compiles a kernel anew for each size
/// it meets, and left to itself chooses one by the number of jobs. Divides the blocks of a cell;
/// every device takes 256.
std::size_t group_size(std::size_t blocks) {
    std::size_t size = std::min<std::size_t>(blocks, 256);
    while (blocks % size != 0) --size;
    return size;
}

class OpenclRenderer final : public Renderer {
public:
    Result<> start(const cl::Device& device) {
        cl_int status = CL_SUCCESS;
        device_ = device;
        context_ = cl::Context(device, nullptr, nullptr, nullptr, &status);
        if (status != CL_SUCCESS) return failed("making a context", status);
        queue_ = cl::CommandQueue(context_, device, 0, &status);
        if (status != CL_SUCCESS) return failed("making a queue", status);
        const cl::Program program(context_, std::string(kernel_source), false, &status);
        if (status == CL_SUCCESS) status = program.build({device}, "-cl-std=CL1.2");
        if (status != CL_SUCCESS) {
            return failed("building the kernels", status)
                .because(program.getBuildInfo<CL_PROGRAM_BUILD_LOG>(device));
        }
        draw_rgba_ = cl::Kernel(program, "draw_rgba", &status);
        if (status == CL_SUCCESS) draw_i420_ = cl::Kernel(program, "draw_i420", &status);
        return status == CL_SUCCESS ? success() : failed("making a kernel", status);
    }

    std::string name() const override {
        std::string text = device_.getInfo<CL_DEVICE_NAME>();
        while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.pop_back();
        return text;
    }

    Result<> draw(const Atlas& atlas, screen::Format format, std::span<const Job> jobs,
                  std::span<std::uint8_t> out) override {
        if (jobs.empty()) return success();
        JETWAY_TRY(upload_coverage(atlas));
        JETWAY_TRY(reserve(jobs_, CL_MEM_READ_ONLY, jobs.size_bytes()));
        JETWAY_TRY(reserve(out_, CL_MEM_WRITE_ONLY | CL_MEM_ALLOC_HOST_PTR, out.size()));
        cl_int status =
            queue_.enqueueWriteBuffer(jobs_.memory, CL_FALSE, 0, jobs.size_bytes(), jobs.data());
        if (status != CL_SUCCESS) return failed("writing the jobs", status);
        JETWAY_TRY(run(format == screen::Format::i420 ? draw_i420_ : draw_rgba_, atlas.cell(),
                       jobs.size()));
        status = queue_.enqueueReadBuffer(out_.memory, CL_TRUE, 0, out.size(), out.data());
        return status == CL_SUCCESS ? success() : failed("reading the picture", status);
    }

private:
    struct Memory {
        cl::Buffer memory;
        std::size_t size = 0;
    };
    using CellArgument = std::array<cl_uint, 6>;

    Result<> run(cl::Kernel& kernel, const CellShape& cell, std::size_t jobs) {
        const CellArgument shape{cell.width,     cell.height,    cell.baseline,
                                 cell.thickness, cell.underline, cell.strike};
        cl_int status = kernel.setArg(0, sizeof shape, shape.data());
        if (status == CL_SUCCESS) status = kernel.setArg(1, coverage_.memory);
        if (status == CL_SUCCESS) status = kernel.setArg(2, jobs_.memory);
        if (status == CL_SUCCESS) status = kernel.setArg(3, out_.memory);
        if (status != CL_SUCCESS) return failed("setting an argument", status);
        const std::size_t blocks = std::size_t{cell.width} / 2 * (cell.height / 2);
        status = queue_.enqueueNDRangeKernel(kernel, cl::NullRange, cl::NDRange(blocks, jobs),
                                             cl::NDRange(group_size(blocks), 1));
        return status == CL_SUCCESS ? success() : failed("running a kernel", status);
    }

    /// Makes the memory large enough; what it held is gone when it had to grow.
    Result<> reserve(Memory& memory, cl_mem_flags flags, std::size_t size) {
        if (memory.size >= size) return success();
        cl_int status = CL_SUCCESS;
        const std::size_t larger = std::max(size, memory.size * 2);
        memory.memory = cl::Buffer(context_, flags, larger, nullptr, &status);
        memory.size = status == CL_SUCCESS ? larger : 0;
        return status == CL_SUCCESS
                   ? success()
                   : failed("allocating " + std::to_string(larger) + " bytes", status);
    }

    /// Sends the slots that the device does not have yet.
    Result<> upload_coverage(const Atlas& atlas) {
        const std::vector<std::uint8_t>& coverage = atlas.coverage();
        if (generation_ != atlas.generation() || coverage_.size < coverage.size()) uploaded_ = 0;
        JETWAY_TRY(reserve(coverage_, CL_MEM_READ_ONLY, coverage.size()));
        generation_ = atlas.generation();
        if (uploaded_ >= coverage.size()) return success();
        const cl_int status =
            queue_.enqueueWriteBuffer(coverage_.memory, CL_TRUE, uploaded_,
                                      coverage.size() - uploaded_, coverage.data() + uploaded_);
        if (status != CL_SUCCESS) return failed("writing the glyphs", status);
        uploaded_ = coverage.size();
        return success();
    }

    cl::Device device_;
    cl::Context context_;
    cl::CommandQueue queue_;
    cl::Kernel draw_rgba_;
    cl::Kernel draw_i420_;
    Memory coverage_;
    Memory jobs_;
    Memory out_;
    std::size_t uploaded_ = 0;
    std::uint64_t generation_ = 0;
};

}  // namespace

Result<std::unique_ptr<Renderer>> make_opencl_renderer() {
    JETWAY_ASSIGN(const cl::Device device, find_device());
    auto renderer = std::make_unique<OpenclRenderer>();
    JETWAY_TRY(renderer->start(device));
    return std::unique_ptr<Renderer>(std::move(renderer));
}

}  // namespace jetway::gpu

// What the sanitizers are told, here because whoever links this file loads an OpenCL driver. PoCL
// and the LLVM inside it keep what they allocated until the process ends, and hand work between
// threads with atomics that ThreadSanitizer, which sees only our own code, cannot know about.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that LeakSanitizer asks for
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpocl\nleak:libLLVM\nleak:libOpenCL\n";
}
#endif
#if __has_feature(thread_sanitizer)
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that ThreadSanitizer asks for
extern "C" const char* __tsan_default_suppressions() {
    return "called_from_lib:libpocl.so\nrace:libpocl\nrace:libLLVM\n";
}
#endif
#endif
