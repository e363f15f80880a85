# The part of the core that needs no live MPI, as a library for unit tests: see core_fixture.h for the rest.
if(NOT TARGET core-for-tests)
  set(core ${CMAKE_SOURCE_DIR}/upper-half/core)
  add_library(core-for-tests STATIC
    ${core}/attributes.cpp ${core}/call.cpp ${core}/datatype_arrays.cpp ${core}/datatype_bounds.cpp
    ${core}/datatype_native.cpp ${core}/datatype_queries.cpp ${core}/datatypes.cpp ${core}/dims.cpp
    ${core}/errhandlers.cpp ${core}/errors.cpp ${core}/external32.cpp ${core}/groups.cpp ${core}/infos.cpp
    ${core}/large_constructors.cpp ${core}/large_types.cpp ${core}/lock.cpp ${core}/memory.cpp ${core}/names.cpp ${core}/pack.cpp ${core}/pool.cpp ${core}/predefined.cpp
    ${core}/status.cpp ${core}/topology.cpp)
endif()
target_link_libraries(${test} PRIVATE core-for-tests)
