// libmpi.so.12 is libmpich.so.12 by another name: see ../CMakeLists.txt.
