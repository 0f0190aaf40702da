# What every target of the project has in common.

set(GRIDSEAL_WARNINGS -Wall -Wextra -Wpedantic -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 to 14 take a moved-from temporary string for a buffer of 32 bytes (GCC bug 105651).
  list(APPEND GRIDSEAL_WARNINGS -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  # Takes the sources that are compiled as one for headers.
  list(APPEND GRIDSEAL_WARNINGS -Wno-subobject-linkage)
endif()

# Heavy headers that most sources read, compiled once.
add_library(gridseal_pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
target_precompile_headers(gridseal_pch PRIVATE
  <algorithm> <chrono> <functional> <map> <memory> <optional> <string> <string_view> <vector>
  <nlohmann/json.hpp> <tl/expected.hpp>)
# RE2 asks for -pthread; a precompiled header only serves sources that are compiled with the same.
target_compile_options(gridseal_pch PRIVATE ${GRIDSEAL_WARNINGS} -pthread)

# The same for tests, with GoogleTest in it: a third of what a test takes to compile. GRIDSEAL_TEST_OPTIONS are compiler
# options of tests alone; the dev build leaves them unoptimized, what they test stays as it is.
set(GRIDSEAL_TEST_OPTIONS "" CACHE STRING "Compiler options of the test sources alone")
if(BUILD_TESTING)
  add_library(gridseal_test_pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(gridseal_test_pch PRIVATE GTest::gmock GTest::gtest)
  target_include_directories(gridseal_test_pch PRIVATE ${PROJECT_SOURCE_DIR}/common)
  target_precompile_headers(gridseal_test_pch PRIVATE
    <algorithm> <chrono> <functional> <map> <memory> <optional> <string> <string_view> <vector>
    <base/json.hpp> <gmock/gmock.h> <gtest/gtest.h>)
  target_compile_options(gridseal_test_pch PRIVATE ${GRIDSEAL_WARNINGS} -pthread ${GRIDSEAL_TEST_OPTIONS})
endif()

# Several sources of a target are compiled as one: most of the time goes into what they all include. Names in unnamed
# namespaces are therefore unique within a folder.
set(GRIDSEAL_UNITY_SOURCES 6 CACHE STRING "How many sources at most")

# What every target has; the precompiled header is gridseal_pch's unless another is named.
function(gridseal_common target)
  set(pch gridseal_pch)
  if(ARGC GREATER 1)
    set(pch ${ARGV1})
  endif()
  target_compile_options(${target} PRIVATE ${GRIDSEAL_WARNINGS} -pthread)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/common ${PROJECT_SOURCE_DIR}/agent)
  target_precompile_headers(${target} REUSE_FROM ${pch})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${GRIDSEAL_UNITY} UNITY_BUILD_BATCH_SIZE ${GRIDSEAL_UNITY_SOURCES})
endfunction()

# gridseal_library(<module> SOURCES ... [DEPENDS module ...] [LIBRARIES lib ...] [PRIVATE_LIBRARIES lib ...])
function(gridseal_library module)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  set(target gridseal_${module})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(gridseal::${module} ALIAS ${target})
  gridseal_common(${target})
  list(TRANSFORM ARG_DEPENDS PREPEND gridseal_)
  target_link_libraries(${target} PUBLIC ${ARG_DEPENDS} ${ARG_LIBRARIES} PRIVATE ${ARG_PRIVATE_LIBRARIES})
endfunction()

# gridseal_library_time(source ...): sources that share types which hold a time with cpp-httplib, mbedTLS or libarchive. Where
# those count seconds in 32 bits (Debian 12 on armhf) these sources have to as well, and they alone.
set(GRIDSEAL_LIBRARY_TIME 8)
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  include(CheckTypeSize)
  check_type_size(time_t GRIDSEAL_LIBRARY_TIME LANGUAGE CXX)
endif()
function(gridseal_library_time)
  if(GRIDSEAL_LIBRARY_TIME EQUAL 4)
    set_source_files_properties(${ARGN} PROPERTIES
      COMPILE_OPTIONS -U_TIME_BITS SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# gridseal_install(<name> <folder>): where each program is a file of its own.
function(gridseal_install name folder)
  if(NOT GRIDSEAL_ONE_PROGRAM)
    install(TARGETS ${name} RUNTIME DESTINATION ${folder})
  endif()
endfunction()

# gridseal_program(<name> SOURCES ... [DEPENDS module ...] [LIBRARIES lib ...])
function(gridseal_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  gridseal_common(${name})
  list(TRANSFORM ARG_DEPENDS PREPEND gridseal_)
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} ${ARG_LIBRARIES})
endfunction()

# The target "unit_tests" builds what needs no other process: tests without a label.
function(gridseal_unit_test target)
  if(NOT TARGET unit_tests)
    add_custom_target(unit_tests)
  endif()
  add_dependencies(unit_tests ${target})
endfunction()

# gridseal_test(<module> SOURCES ... [DEPENDS module ...] [LIBRARIES lib ...] [LABELS label ...]): one binary for each module, <module>_test.
function(gridseal_test module)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES;LABELS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  set(target ${module}_test)
  add_executable(${target} ${ARG_SOURCES})
  gridseal_common(${target} gridseal_test_pch)
  target_compile_options(${target} PRIVATE ${GRIDSEAL_TEST_OPTIONS})
  list(TRANSFORM ARG_DEPENDS PREPEND gridseal_)
  target_link_libraries(${target} PRIVATE ${ARG_DEPENDS} gridseal_base GTest::gmock GTest::gtest_main ${ARG_LIBRARIES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE GRIDSEAL_FIXTURES="${PROJECT_SOURCE_DIR}/tests/fixtures")
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS "${ARG_LABELS}")
  if(NOT ARG_LABELS)
    gridseal_unit_test(${target})
  endif()
endfunction()

# gridseal_fuzz(<name> DEPENDS module ...): tests/fuzz/<name>_fuzz.cpp. With GRIDSEAL_FUZZ (clang) a libFuzzer program;
# otherwise one program holds all targets and replays the seed corpus of each as an ordinary test.
function(gridseal_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  if(GRIDSEAL_FUZZ)
    gridseal_program(${name}_fuzz SOURCES ${name}_fuzz.cpp DEPENDS ${ARG_DEPENDS} LIBRARIES ${ARG_LIBRARIES} -fsanitize=fuzzer)
    if(NOT TARGET fuzz_targets)
      add_custom_target(fuzz_targets)
    endif()
    add_dependencies(fuzz_targets ${name}_fuzz)
  elseif(BUILD_TESTING)
    if(NOT TARGET fuzz_replay)
      gridseal_program(fuzz_replay SOURCES replay_corpus.cpp)
      gridseal_unit_test(fuzz_replay)
      target_include_directories(fuzz_replay PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
      file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/fuzz_targets.inc
        CONTENT "$<JOIN:$<TARGET_PROPERTY:fuzz_replay,FUZZ_TARGETS>,\n>\n")
    endif()
    target_sources(fuzz_replay PRIVATE ${name}_fuzz.cpp)
    # Every target defines the same function; in one program each gets a name of its own.
    set_property(SOURCE ${name}_fuzz.cpp PROPERTY COMPILE_DEFINITIONS LLVMFuzzerTestOneInput=fuzz_${name})
    set_property(TARGET fuzz_replay APPEND PROPERTY FUZZ_TARGETS "FUZZ_TARGET(${name})")
    list(TRANSFORM ARG_DEPENDS PREPEND gridseal_)
    target_link_libraries(fuzz_replay PRIVATE ${ARG_DEPENDS} ${ARG_LIBRARIES})
    add_test(NAME fuzz.${name}.corpus COMMAND fuzz_replay ${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  endif()
endfunction()

# Adds every direct subfolder that has a CMakeLists.txt.
function(gridseal_add_folders root)
  file(GLOB folders LIST_DIRECTORIES true CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${root}/*)
  foreach(folder IN LISTS folders)
    if(EXISTS ${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()
