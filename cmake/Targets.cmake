# Libraries, programs and services. A folder without sources yet is no error.

function(zt_library name)
    cmake_parse_arguments(PARSE_ARGV 1 lib "" "" "SOURCES;LINK")
    if(lib_SOURCES)
        add_library(${name} STATIC ${lib_SOURCES})
        target_link_libraries(${name} PUBLIC ${lib_LINK})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE ${lib_LINK})
    endif()
endfunction()

# What a running city needs, without tests: cmake --build --preset release --target programs
add_custom_target(programs)

function(zt_program name)
    cmake_parse_arguments(PARSE_ARGV 1 program "" "" "SOURCES;LINK")
    add_executable(${name} ${program_SOURCES})
    target_link_libraries(${name} PRIVATE ${program_LINK})
    add_dependencies(programs ${name})
    install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# services/NAME: everything except main.c as library service_NAME, so that tests can link it; main.c as program
# zt-NAME (the operator's command is plain zhitong). zhitong alone carries the migrations.
function(zt_service name)
    set(folder ${CMAKE_SOURCE_DIR}/services/${name})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    file(GLOB sql CONFIGURE_DEPENDS ${folder}/*.sql)
    foreach(file IN LISTS sql)
        zt_queries(${file} sources)
    endforeach()
    if(name STREQUAL "zhitong")
        zt_migrations("${services}" sources)
    endif()
    zt_library(service_${name} SOURCES ${sources} LINK common proto)

    file(GLOB main CONFIGURE_DEPENDS ${folder}/main.c)
    if(NOT main)
        return()
    endif()
    set(program zt-${name})
    if(name STREQUAL "zhitong")
        set(program zhitong)
    endif()
    zt_program(${program} SOURCES ${main} LINK service_${name})
endfunction()
