// Regular files open for reading, writing and appending are open again after a restart, at the same offset, with the
// same flags, under the same descriptor.
#include "check.h"

#include <fcntl.h>
#include <unistd.h>

static void name_of(char *name, const char *what) { sprintf(name, "file-%d-%s.txt", rank, what); }

static void check_contents(const char *what, const char *expected) {
  char name[60], text[100] = {0};
  name_of(name, what);
  FILE *file = fopen(name, "r");
  CHECK(file && fread(text, 1, sizeof text - 1, file) == strlen(expected));
  if (strcmp(text, expected) != 0) fail(__FILE__, __LINE__, text);
  fclose(file);
  unlink(name);
}

int main(int argc, char **argv) {
  char name[60], piece[5] = {0};
  begin(&argc, &argv);
  name_of(name, "written");
  int written = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(write(written, "0123456789", 10) == 10 && lseek(written, 4, SEEK_SET) == 4);
  name_of(name, "appended");
  int appended = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  CHECK(write(appended, "one ", 4) == 4);
  name_of(name, "stream");
  FILE *stream = fopen(name, "w+");
  fputs("buffered, ", stream);
  MPI_Barrier(MPI_COMM_WORLD);

  CHECK(read(written, piece, 3) == 3 && strcmp(piece, "456") == 0);
  CHECK(write(appended, "two ", 4) == 4);
  fputs("not flushed, ", stream);
  int twin = dup(written);
  MPI_Barrier(MPI_COMM_WORLD);

  CHECK(write(twin, "x", 1) == 1);
  SAME(lseek(written, 0, SEEK_CUR), 8);  // one offset for both
  CHECK(write(appended, "three", 5) == 5);
  SAME(fcntl(appended, F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_WRONLY);
  fputs("and flushed", stream);
  fflush(stream);
  MPI_Barrier(MPI_COMM_WORLD);

  close(twin);
  close(written);
  close(appended);
  fclose(stream);
  check_contents("written", "0123456x89");
  check_contents("appended", "one two three");
  check_contents("stream", "buffered, not flushed, and flushed");
  return end();
}
