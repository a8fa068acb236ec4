# One target a folder: jetway_folder(NAME [DEPENDS ...] [LIBRARIES ...]) makes the library jetway_NAME of the
# folder's *.cpp, the test executable test_NAME of its *_test.cpp, and, under the fuzz preset, one executable for each
# of its fuzz_*.cpp. A folder without sources is an interface.

find_package(GTest REQUIRED)
find_library(RAPIDCHECK rapidcheck REQUIRED)
include(GoogleTest)

# The standard headers are compiled once for all folders.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cpp CONTENT "")
add_library(jetway_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
target_precompile_headers(jetway_pch PRIVATE
    <algorithm> <array> <chrono> <cstdint> <cstring> <deque> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <unordered_map> <variant> <vector>)
if(NOT JETWAY_FUZZ)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_pch.cpp CONTENT "")
    add_library(jetway_test_pch OBJECT ${CMAKE_BINARY_DIR}/test_pch.cpp)
    target_precompile_headers(jetway_test_pch PRIVATE <gmock/gmock.h> <gtest/gtest.h> <map> <memory> <string> <vector>)
    target_link_libraries(jetway_test_pch PRIVATE GTest::gmock GTest::gtest)
endif()

function(jetway_folder NAME)
    cmake_parse_arguments(FOLDER "" "" "DEPENDS;LIBRARIES" ${ARGN})
    string(REPLACE "/" "_" target ${NAME})
    set(folder ${CMAKE_SOURCE_DIR}/src/${NAME})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    set(tests ${sources})
    set(fuzzers ${sources})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(FILTER fuzzers INCLUDE REGEX "/fuzz_[^/]*\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$|/fuzz_[^/]*\\.cpp$")
    list(TRANSFORM FOLDER_DEPENDS PREPEND jetway_)

    if(sources)
        add_library(jetway_${target} STATIC ${sources})
        set(scope PUBLIC)
        target_precompile_headers(jetway_${target} REUSE_FROM jetway_pch)
    else()
        add_library(jetway_${target} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_include_directories(jetway_${target} ${scope} ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(jetway_${target} ${scope} ${FOLDER_DEPENDS} ${FOLDER_LIBRARIES})

    if(tests AND NOT JETWAY_FUZZ)
        add_executable(test_${target} ${tests})
        target_precompile_headers(test_${target} REUSE_FROM jetway_test_pch)
        target_link_libraries(test_${target} PRIVATE jetway_${target} ${RAPIDCHECK} GTest::gmock GTest::gtest_main)
        gtest_discover_tests(test_${target} TEST_PREFIX "${NAME}: " DISCOVERY_MODE PRE_TEST
            PROPERTIES TIMEOUT 120 ENVIRONMENT "${JETWAY_TEST_ENVIRONMENT}")
    endif()
    if(JETWAY_FUZZ)
        foreach(fuzzer ${fuzzers})
            get_filename_component(fuzzer_name ${fuzzer} NAME_WE)
            add_executable(${fuzzer_name} ${fuzzer})
            target_link_libraries(${fuzzer_name} PRIVATE jetway_${target})
            target_link_options(${fuzzer_name} PRIVATE -fsanitize=fuzzer)
        endforeach()
    endif()
endfunction()
