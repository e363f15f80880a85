target_sources(stop_test PRIVATE $<TARGET_OBJECTS:mana-lower-nolibc>
  ${CMAKE_SOURCE_DIR}/lower-half/signals.cpp ${CMAKE_SOURCE_DIR}/lower-half/stop.cpp
  ${CMAKE_SOURCE_DIR}/lower-half/threads.cpp ${CMAKE_SOURCE_DIR}/lower-half/donors.cpp
  ${CMAKE_SOURCE_DIR}/lower-half/code_page.cpp ${CMAKE_SOURCE_DIR}/lower-half/report.cpp
  ${CMAKE_SOURCE_DIR}/lower-half/arch/x86_64/intercept.S ${CMAKE_SOURCE_DIR}/lower-half/arch/x86_64/park.S
  ${CMAKE_SOURCE_DIR}/lower-half/arch/x86_64/signal.S)
target_include_directories(stop_test PRIVATE ${CMAKE_SOURCE_DIR}/lower-half)
target_link_libraries(stop_test PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(stop_test PROPERTIES ENABLE_EXPORTS ON)
