// What MPI can be asked about an open file: access mode, group, hints, atomicity, size, and how the size is set.
#include "check.h"

int main(int argc, char **argv) {
  static const char name[] = "asked-about.dat";
  MPI_File file;
  MPI_Group group, all;
  MPI_Info info, used;
  MPI_Offset bytes;
  char value[100];
  int amode, flag, relation, data[8];
  begin(&argc, &argv);
  MPI_Info_create(&info);
  MPI_Info_set(info, "cb_nodes", "1");
  SAME(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_UNIQUE_OPEN, info, &file),
       MPI_SUCCESS);
  MPI_File_get_amode(file, &amode);
  SAME(amode, MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_UNIQUE_OPEN);
  MPI_File_get_group(file, &group);
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  MPI_Group_compare(group, all, &relation);
  SAME(relation, MPI_IDENT);
  MPI_Group_free(&group);
  MPI_Group_free(&all);

  SAME(MPI_File_set_size(file, 1000), MPI_SUCCESS);
  MPI_File_get_size(file, &bytes);
  SAME(bytes, 1000);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_preallocate(file, 5000), MPI_SUCCESS);
  MPI_File_get_size(file, &bytes);
  SAME(bytes, 5000);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_set_size(file, 100), MPI_SUCCESS);
  MPI_File_get_size(file, &bytes);
  SAME(bytes, 100);

  MPI_File_get_atomicity(file, &flag);
  SAME(flag, 0);
  SAME(MPI_File_set_atomicity(file, 1), MPI_SUCCESS);
  MPI_File_get_atomicity(file, &flag);
  SAME(flag, 1);
  // In atomic mode what has been written is seen by a read that follows in time, without a sync.
  for (int i = 0; i < 8; ++i) data[i] = rank == 0 ? 7 + i : 0;
  if (rank == 0) MPI_File_write_at(file, 0, data, 8, MPI_INT, MPI_STATUS_IGNORE);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_read_at(file, 0, data, 8, MPI_INT, MPI_STATUS_IGNORE);
  for (int i = 0; i < 8; ++i) SAME(data[i], 7 + i);
  SAME(MPI_File_set_atomicity(file, 0), MPI_SUCCESS);
  MPI_File_get_atomicity(file, &flag);
  SAME(flag, 0);

  MPI_Info_create(&used);
  SAME(MPI_File_set_info(file, used), MPI_SUCCESS);
  MPI_Info_free(&used);
  MPI_Info_set(info, "cb_buffer_size", "1048576");
  SAME(MPI_File_set_info(file, info), MPI_SUCCESS);
  MPI_Info_free(&info);
  // An MPI need not know a hint; one that it tells has the value that was set.
  SAME(MPI_File_get_info(file, &used), MPI_SUCCESS);
  MPI_Info_get(used, "cb_buffer_size", sizeof value - 1, value, &flag);
  if (flag) CHECK(strcmp(value, "1048576") == 0);
  SAME(MPI_File_set_info(file, used), MPI_SUCCESS);
  MPI_Info_free(&used);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
