# tests/unit and tests/contract become ctests, tests/bench programs, tests/fuzz programs with the fuzz preset.

set(test_environment ZHITONG_ROOT=${CMAKE_SOURCE_DIR} ZHITONG_TEST_BUILD=${CMAKE_BINARY_DIR})
if(ZHITONG_SANITIZE MATCHES "address")
    # msgpack-c asks malloc for what a message claims; NULL is the answer that it handles.
    list(APPEND test_environment "ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1")
elseif(ZHITONG_SANITIZE MATCHES "thread")
    list(APPEND test_environment
         "TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1:suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
endif()

# A test named test_SERVICE_… also gets that service. Contract tests get all of them, so that they can walk every
# query table. A test that includes <pthread.h> carries the label `threads`.
function(zt_test source kind)
    get_filename_component(name ${source} NAME_WE)
    set(links common proto)
    foreach(service IN LISTS services)
        if(kind STREQUAL "contract" OR name MATCHES "^test_${service}(_|$)")
            list(PREPEND links service_${service})
        endif()
    endforeach()
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ${links} PkgConfig::cmocka)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

    set(labels ${kind})
    file(STRINGS ${source} threaded REGEX "^#include <pthread\\.h>")
    if(threaded)
        list(APPEND labels threads)
    endif()
    add_test(NAME ${kind}/${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${kind}/${name} PROPERTIES ENVIRONMENT "${test_environment}" LABELS "${labels}" TIMEOUT 120)
endfunction()

if(NOT cmocka_FOUND)
    message(STATUS "no libcmocka: tests/unit and tests/contract are left out")
endif()
foreach(kind IN ITEMS unit contract)
    if(NOT cmocka_FOUND)
        break()
    endif()
    file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${kind}/test_*.c)
    foreach(source IN LISTS tests)
        zt_test(${source} ${kind})
    endforeach()
endforeach()

file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/*.c)
foreach(source IN LISTS benches)
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "^bench_" "" name ${name})
    add_executable(zt-bench-${name} ${source})
    set(links common proto) # a benchmark may use the queries of any service
    foreach(service IN LISTS services)
        list(PREPEND links service_${service})
    endforeach()
    target_link_libraries(zt-bench-${name} PRIVATE ${links})
endforeach()

if(ZHITONG_FUZZ)
    file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
    foreach(source IN LISTS fuzzers)
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} ${source})
        set(links common proto) # of the services' pure files; archives give what is asked for
        foreach(service IN LISTS services)
            list(PREPEND links service_${service})
        endforeach()
        target_link_libraries(${name} PRIVATE ${links})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        # libFuzzer's entry point has no header that declares it.
        target_compile_options(${name} PRIVATE -Wno-missing-prototypes)
    endforeach()
endif()
