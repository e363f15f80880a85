target_link_libraries(image_test PRIVATE mana-image)
