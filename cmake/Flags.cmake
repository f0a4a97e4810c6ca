# Compiler, warnings and libraries, the same for everything we build.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()
# CMake's own release flags add -DNDEBUG; our asserts stay on.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

add_compile_definitions(_GNU_SOURCE)
# A row of a table leaves out trailing fields that are zero.
add_compile_options(-Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
                    -Wno-missing-field-initializers
                    -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_BUILD_TYPE MATCHES "^Rel" AND NOT ZHITONG_SANITIZE)
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

if(ZHITONG_SANITIZE)
    add_compile_options(-fsanitize=${ZHITONG_SANITIZE} -fno-sanitize-recover=all)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        # Instrumented code leads gcc's flow analysis into false warnings.
        add_compile_options(-Wno-maybe-uninitialized -Wno-format-truncation -Wno-stringop-truncation)
    endif()
    add_link_options(-fsanitize=${ZHITONG_SANITIZE})
endif()
if(ZHITONG_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "fuzzing needs clang: cmake --preset fuzz")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(ZHITONG_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic) # threads count, too
    add_link_options(--coverage)
endif()
if(ZHITONG_FAULT_POINTS)
    add_compile_definitions(ZHITONG_FAULT_POINTS)
endif()

include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/gen)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
foreach(library IN ITEMS libzmq libpq libmicrohttpd jansson libsodium libcurl libjpeg libpng libwebp expat)
    pkg_check_modules(${library} REQUIRED IMPORTED_TARGET ${library})
endforeach()
find_library(liblinear linear REQUIRED) # it has no pkg-config file
pkg_check_modules(cmocka IMPORTED_TARGET cmocka)
# Debian 12 calls it msgpack, Debian 13 msgpack-c.
pkg_search_module(msgpack REQUIRED IMPORTED_TARGET msgpack msgpack-c)
