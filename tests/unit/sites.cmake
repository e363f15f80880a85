target_sources(sites_test PRIVATE
  ${CMAKE_SOURCE_DIR}/lower-half/sites_nolibc.cpp ${CMAKE_SOURCE_DIR}/lower-half/functions_nolibc.cpp
  ${CMAKE_SOURCE_DIR}/lower-half/instructions_nolibc.cpp)
target_include_directories(sites_test PRIVATE ${CMAKE_SOURCE_DIR}/lower-half)
# What they say of these is read from the files, so nothing of them ever runs.
add_library(sites-calls SHARED unit/sites_calls.S)
add_library(sites-jumped_into SHARED unit/sites_jumped_into.S)
add_library(sites-one_segment SHARED unit/sites_calls.S)  # with its data in the segment of its code
target_link_options(sites-one_segment PRIVATE LINKER:-z,noseparate-code)
foreach(code IN ITEMS calls jumped_into one_segment)
  target_compile_definitions(sites_test PRIVATE SITES_${code}="$<TARGET_FILE:sites-${code}>")
  set_target_properties(sites-${code} PROPERTIES LINKER_LANGUAGE C)
  add_dependencies(sites_test sites-${code})
endforeach()
