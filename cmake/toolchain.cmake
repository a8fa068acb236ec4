# Flags that hold for every target: warnings, sanitizers, ccache, mold.

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror=return-type -Werror=unused-result)
add_compile_definitions(
    JETWAY_VERSION="${PROJECT_VERSION}"
    SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL
    BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE
    CL_HPP_TARGET_OPENCL_VERSION=120 CL_HPP_MINIMUM_OPENCL_VERSION=120 CL_TARGET_OPENCL_VERSION=120)

if(JETWAY_SANITIZE)
    add_compile_options(-fsanitize=${JETWAY_SANITIZE})
    add_link_options(-fsanitize=${JETWAY_SANITIZE})
    if(JETWAY_SANITIZE MATCHES undefined)
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
    if(JETWAY_SANITIZE STREQUAL "thread")
        set(JETWAY_TEST_ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
    endif()
endif()
if(JETWAY_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
        add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
    endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    set(CMAKE_PCH_INSTANTIATE_TEMPLATES ON)
endif()
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()
