! Compiled with INTEGERs of 8 bytes: whatever MPI sets is declared with 4, whatever it only reads may have 8.
program passes_integers_of_four_bytes
  implicit none
  include 'mpif.h'
  integer*4 :: error, rank, ranks, status(MPI_STATUS_SIZE), values(3), sums(3)
  integer :: tag = 7, i

  call MPI_Init(error)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, error)
  call MPI_Comm_size(MPI_COMM_WORLD, ranks, error)
  do i = 1, 10
    values = int([rank, rank + 1_4, int(i, 4)], 4)
    call MPI_Allreduce(values, sums, 3, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, error)
    if (any(sums /= [1_4, 3_4, int(2 * i, 4)])) stop 1
    values = -1
    call MPI_Sendrecv(sums, 3, MPI_INTEGER, 1 - rank, tag, values, 3, MPI_INTEGER, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, status, error)
    if (any(values /= sums) .or. status(MPI_SOURCE) /= 1 - rank .or. status(MPI_TAG) /= tag) stop 2
    call MPI_Barrier(MPI_COMM_WORLD, error)
  end do
  if (rank == 0) print '(a)', 'ok'
  call MPI_Finalize(error)
end program
