target_link_libraries(launchers_test PRIVATE mana-tools)
