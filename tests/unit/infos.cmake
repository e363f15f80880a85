include(unit/core_for_tests.cmake)
