target_link_libraries(targets_test PRIVATE mana-targets)
