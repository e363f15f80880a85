// sends_more_than_two_gibibytes: one message of more bytes than an int can count, under way at a checkpoint: nobody has asked for it
// (argument "unexpected"), or its receive is posted ("posted").
#include "check.h"

enum { kBlock = 1000003, kBlocks = 2200 };  // no multiple of a power of two: a part that lands 2^31 or 2^32 bytes off is seen
static const long long kBytes = (long long)kBlock * kBlocks;

static void check_arrived(const MPI_Status *status, MPI_Datatype block) {
  int count = 0;
  MPI_Count bytes = 0;
  SAME(status->MPI_SOURCE, 0);
  MPI_Get_count(status, MPI_BYTE, &count);
  SAME(count, MPI_UNDEFINED);
  MPI_Get_count(status, block, &count);
  SAME(count, kBlocks);
  MPI_Get_elements_x(status, MPI_BYTE, &bytes);
  SAME(bytes, kBytes);
}

static void fill_block(unsigned char *block) {
  for (int i = 0; i < kBlock; ++i) block[i] = (unsigned char)(i * 2654435761u >> 13);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int posted = argc > 1 && strcmp(argv[1], "posted") == 0;
  unsigned char *block = malloc(kBlock), *received = rank == 1 ? malloc((size_t)kBytes) : NULL;
  MPI_Datatype one_block, repeated;
  MPI_Status status;
  MPI_Request request = MPI_REQUEST_NULL;
  fill_block(block);
  MPI_Type_contiguous(kBlock, MPI_BYTE, &one_block);
  MPI_Type_commit(&one_block);
  MPI_Type_create_hvector(kBlocks, kBlock, 0, MPI_BYTE, &repeated);  // the same block again and again
  MPI_Type_commit(&repeated);

  if (rank == 1 && posted)
#if MPI_VERSION >= 4
    MPI_Irecv_c(received, kBytes, MPI_BYTE, 0, 7, MPI_COMM_WORLD, &request);
#else
    MPI_Irecv(received, kBlocks, one_block, 0, 7, MPI_COMM_WORLD, &request);
#endif
  if (rank == 0) MPI_Isend(block, 1, repeated, 1, 7, MPI_COMM_WORLD, &request);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 1 && !posted) {
    MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    check_arrived(&status, one_block);
    MPI_Recv(received, kBlocks, one_block, 0, 7, MPI_COMM_WORLD, &status);
  } else {
    MPI_Wait(&request, &status);
  }
  if (rank == 1) {
    check_arrived(&status, one_block);
    for (int i = 0; i < kBlocks; ++i) CHECK(memcmp(received + (size_t)i * kBlock, block, kBlock) == 0);
  }
  MPI_Type_free(&one_block);
  MPI_Type_free(&repeated);
  free(received);
  free(block);
  return end();
}
