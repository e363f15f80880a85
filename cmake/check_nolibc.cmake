# Links the objects of the code that may not call libc (lower-half/intercept.h) and refuses every undefined symbol
# that is not ours: a memcpy that the compiler made out of an assignment would run with vector registers that belong to the
# application. -DLINKER= -DNM= -DOBJECTS=a.o;b.o
set(linked ${CMAKE_CURRENT_BINARY_DIR}/nolibc.linked.o)
execute_process(COMMAND ${LINKER} -r ${OBJECTS} -o ${linked} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${NM} -u ${linked} OUTPUT_VARIABLE undefined COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^ \n]+" symbols "${undefined}")
list(FILTER symbols EXCLUDE REGEX "^(U|w|_ZNK?4mana.*|mana_.*|_GLOBAL_OFFSET_TABLE_)$")
if(symbols)
  message(FATAL_ERROR "code that runs with the application's TLS calls: ${symbols}")
endif()
