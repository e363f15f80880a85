target_sources(ranges_test PRIVATE ${CMAKE_SOURCE_DIR}/lower-half/ranges_nolibc.cpp)
