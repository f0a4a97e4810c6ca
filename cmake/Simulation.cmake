# zt-simulate: the services' own objects, with the bus, the clock and the threads replaced. What tests/simulation defines itself comes
# first, so that the library's file of that name is never linked; single functions are put in front of the real ones (--wrap).

set(simulation_sources)
file(GLOB simulation_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/simulation/*.c)
zt_queries(${CMAKE_SOURCE_DIR}/tests/simulation/simulation.sql simulation_sources)
set(simulated intake routing escalation notification)
add_executable(zt-simulate ${simulation_files} ${simulation_sources})
foreach(service IN LISTS simulated)
    add_library(simulated_${service} OBJECT services/${service}/main.c)
    target_compile_definitions(simulated_${service} PRIVATE main=${service}_main)
    target_compile_options(simulated_${service} PRIVATE -Wno-missing-prototypes) # main needs none
    target_link_libraries(simulated_${service} PRIVATE service_${service})
    target_sources(zt-simulate PRIVATE $<TARGET_OBJECTS:simulated_${service}>)
    target_link_libraries(zt-simulate PRIVATE service_${service})
endforeach()
target_link_libraries(zt-simulate PRIVATE service_zhitong common proto)
file(STRINGS ${CMAKE_SOURCE_DIR}/tests/simulation/simulated.h wrapped REGEX "^SIMULATED\\(")
foreach(line IN LISTS wrapped)
    string(REGEX MATCH "^SIMULATED\\([^,]+, ([A-Za-z_]+)," found "${line}")
    target_link_options(zt-simulate PRIVATE -Wl,--wrap=${CMAKE_MATCH_1})
endforeach()
