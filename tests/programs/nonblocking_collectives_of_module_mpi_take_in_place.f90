! From module mpi, each non-blocking collective works with MPI_IN_PLACE and several are under way at once.
program main
  use mpi
  implicit none
  integer :: rank, size, next, prev, ierr
  integer, parameter :: m = 16, n = 14
  integer, asynchronous :: a(m, n), b(m)
  integer :: counts(m), displs(m), bytes(m), types(m), requests(n + 1), i, total, before

  call begin()
  counts = 1
  total = size * (size + 1) / 2
  before = rank * (rank + 1) / 2
  displs = [(i - 1, i = 1, m)]
  bytes = 4 * displs
  types = MPI_INTEGER
  do i = 1, n
    a(:, i) = rank + 1
  end do
  a(:, 4) = [(100 * rank + i, i = 1, m)]
  a(:, 5) = a(:, 4)
  a(:, 6) = a(:, 4)
  a(:, 8) = [(i, i = 1, m)]
  a(:, 9) = a(:, 8)
  if (rank == 0) a(:, 12) = a(:, 8)

  call MPI_Ibcast(a(:, 1), m, MPI_INTEGER, 1, MPI_COMM_WORLD, requests(1), ierr)
  call MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, a(:, 2), 1, MPI_INTEGER, MPI_COMM_WORLD, requests(2), ierr)
  call MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, a(:, 3), counts, displs, MPI_INTEGER, MPI_COMM_WORLD, &
                       requests(3), ierr)
  call MPI_Ialltoall(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, a(:, 4), 1, MPI_INTEGER, MPI_COMM_WORLD, requests(4), ierr)
  call MPI_Ialltoallv(MPI_IN_PLACE, counts, displs, MPI_DATATYPE_NULL, a(:, 5), counts, displs, MPI_INTEGER, &
                      MPI_COMM_WORLD, requests(5), ierr)
  call MPI_Ialltoallw(MPI_IN_PLACE, counts, bytes, types, a(:, 6), counts, bytes, types, MPI_COMM_WORLD, requests(6), ierr)
  call MPI_Iallreduce(MPI_IN_PLACE, a(:, 7), m, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, requests(7), ierr)
  call MPI_Ireduce_scatter(MPI_IN_PLACE, a(:, 8), counts, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, requests(8), ierr)
  call MPI_Ireduce_scatter_block(MPI_IN_PLACE, a(:, 9), 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, requests(9), ierr)
  call MPI_Iscan(MPI_IN_PLACE, a(:, 10), m, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, requests(10), ierr)
  call MPI_Iexscan(MPI_IN_PLACE, a(:, 11), m, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, requests(11), ierr)
  if (rank == 0) then
    call MPI_Iscatter(a(:, 12), 1, MPI_INTEGER, MPI_IN_PLACE, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, requests(12), ierr)
    call MPI_Igather(MPI_IN_PLACE, 1, MPI_INTEGER, a(:, 13), 1, MPI_INTEGER, 0, MPI_COMM_WORLD, requests(13), ierr)
    call MPI_Ireduce(MPI_IN_PLACE, a(:, 14), m, MPI_INTEGER, MPI_SUM, 0, MPI_COMM_WORLD, requests(14), ierr)
  else
    call MPI_Iscatter(b, 1, MPI_INTEGER, a(:, 12), 1, MPI_INTEGER, 0, MPI_COMM_WORLD, requests(12), ierr)
    call MPI_Igather(a(:, 13), 1, MPI_INTEGER, b, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, requests(13), ierr)
    call MPI_Ireduce(a(:, 14), b, m, MPI_INTEGER, MPI_SUM, 0, MPI_COMM_WORLD, requests(14), ierr)
  end if
  call MPI_Ibarrier(MPI_COMM_WORLD, requests(15), ierr)
  call MPI_Waitall(n + 1, requests, MPI_STATUSES_IGNORE, ierr)

  call all_same(requests, spread(MPI_REQUEST_NULL, 1, n + 1), 'requests')
  call all_same(a(:, 1), spread(2, 1, m), 'ibcast')
  if (rank == 0) then
    call all_same(a(1:size, 13), [(i, i = 1, size)], 'igather')
    call all_same(a(:, 14), spread(total, 1, m), 'ireduce')
  end if
  call all_same(a(1:size, 4), [(100 * (i - 1) + rank + 1, i = 1, size)], 'ialltoall')
  call all_same(a(1:size, 5), [(100 * (i - 1) + rank + 1, i = 1, size)], 'ialltoallv')
  call all_same(a(1:size, 6), [(100 * (i - 1) + rank + 1, i = 1, size)], 'ialltoallw')
  call all_same(a(1:size, 2), [(i, i = 1, size)], 'iallgather')
  call all_same(a(1:size, 3), [(i, i = 1, size)], 'iallgatherv')
  call all_same(a(:, 7), spread(total, 1, m), 'iallreduce')
  call same(a(1, 8), size * (rank + 1), 'ireduce_scatter')
  call same(a(1, 9), size * (rank + 1), 'ireduce_scatter_block')
  call all_same(a(:, 10), spread(before + rank + 1, 1, m), 'iscan')
  if (rank > 0) call all_same(a(:, 11), spread(before, 1, m), 'iexscan')
  call same(a(1, 12), rank + 1, 'iscatter')
  call finish()

contains

  include 'check.fi'

end program
