# SQL files become C tables under build/gen.

find_program(AWK NAMES mawk gawk awk REQUIRED)
set(gen ${CMAKE_BINARY_DIR}/gen)
file(MAKE_DIRECTORY ${gen})

# Runs awk on `arguments` into gen/`output`; appends the output to the list named `into` of the caller.
function(zt_awk output script into)
    cmake_parse_arguments(PARSE_ARGV 3 run "" "" "FILES;VARIABLES")
    set(awk_files ${CMAKE_SOURCE_DIR}/cmake/c_string.awk ${CMAKE_SOURCE_DIR}/cmake/${script})
    list(TRANSFORM run_VARIABLES PREPEND "-v;" OUTPUT_VARIABLE variables)
    add_custom_command(
        OUTPUT ${gen}/${output}
        COMMAND env LC_ALL=C ${AWK} ${variables} -f ${CMAKE_SOURCE_DIR}/cmake/c_string.awk
                -f ${CMAKE_SOURCE_DIR}/cmake/${script} ${run_FILES} > ${gen}/${output}.new
        COMMAND ${CMAKE_COMMAND} -E rename ${gen}/${output}.new ${gen}/${output}
        DEPENDS ${run_FILES} ${awk_files}
        COMMENT "SQL to C: ${output}"
        VERBATIM)
    set(${into} ${${into}} ${gen}/${output} PARENT_SCOPE)
endfunction()

# NAME.sql → gen/NAME_queries.c with `const struct db_query NAME_queries[]`.
function(zt_queries sql into)
    get_filename_component(name ${sql} NAME_WE)
    set(generated)
    zt_awk(${name}_queries.c queries.awk generated FILES ${sql} VARIABLES table=${name})
    set(${into} ${${into}} ${generated} PARENT_SCOPE)
endfunction()

function(zt_refuse_doubles files)
    set(before)
    foreach(file IN LISTS files)
        string(REGEX MATCH "/0*([0-9]+)[^/]*$" matched ${file})
        if(CMAKE_MATCH_1 STREQUAL before)
            message(FATAL_ERROR "two migrations with the number ${before}: ${file}")
        endif()
        set(before ${CMAKE_MATCH_1})
    endforeach()
endfunction()

# All migrations → gen/migrations.c: common, then the services in their order, each by number.
function(zt_migrations services into)
    set(files)
    foreach(folder IN ITEMS common LISTS services)
        if(NOT folder STREQUAL "common")
            set(folder services/${folder})
        endif()
        file(GLOB numbered CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/schema/[0-9]*.sql)
        list(SORT numbered COMPARE NATURAL)
        zt_refuse_doubles("${numbered}")
        list(APPEND files ${numbered})
    endforeach()
    set(generated)
    # An empty file list would make awk read its standard input.
    if(files)
        zt_awk(migrations.c migrations.awk generated FILES ${files})
    else()
        zt_awk(migrations.c migrations.awk generated FILES /dev/null)
    endif()
    set(${into} ${${into}} ${generated} PARENT_SCOPE)
endfunction()
