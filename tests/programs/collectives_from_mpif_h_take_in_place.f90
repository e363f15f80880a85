! From mpif.h, each collective works with MPI_IN_PLACE where the standard has it.
program main
  implicit none
  include 'mpif.h'
  integer :: rank, size, next, prev, ierr
  integer, parameter :: m = 16
  integer :: a(m), b(m), counts(m), displs(m), bytes(m), types(m), ones(m), i, total, before

  call begin()
  ones = 1
  total = size * (size + 1) / 2
  before = rank * (rank + 1) / 2
  do i = 1, m
    displs(i) = i - 1
    bytes(i) = 4 * (i - 1)
    types(i) = MPI_INTEGER
  end do

  a = 7
  if (rank == 1) a = 42
  call MPI_Bcast(a, m, MPI_INTEGER, 1, MPI_COMM_WORLD, ierr)
  call all_same(a, spread(42, 1, m), 'bcast')

  a = 0
  a(rank + 1) = rank + 1
  if (rank == 0) then
    call MPI_Gather(MPI_IN_PLACE, 1, MPI_INTEGER, a, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
    call check_ramp('gather')
  else
    call MPI_Gather(a(rank + 1), 1, MPI_INTEGER, b, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
  end if
  a = 0
  a(rank + 1) = rank + 1
  if (rank == 1) then
    call MPI_Gatherv(MPI_IN_PLACE, 1, MPI_INTEGER, a, ones, displs, MPI_INTEGER, 1, MPI_COMM_WORLD, ierr)
    call check_ramp('gatherv')
  else
    call MPI_Gatherv(a(rank + 1), 1, MPI_INTEGER, b, ones, displs, MPI_INTEGER, 1, MPI_COMM_WORLD, ierr)
  end if

  call ramp()
  if (rank == 0) then
    call MPI_Scatter(a, 1, MPI_INTEGER, MPI_IN_PLACE, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
    call check_ramp('scatter')
    call MPI_Scatterv(a, ones, displs, MPI_INTEGER, MPI_IN_PLACE, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
    call check_ramp('scatterv')
  else
    call MPI_Scatter(b, 1, MPI_INTEGER, a, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
    call same(a(1), rank + 1, 'scatter')
    call MPI_Scatterv(b, ones, displs, MPI_INTEGER, a(2), 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
    call same(a(2), rank + 1, 'scatterv')
  end if

  a = 0
  a(rank + 1) = rank + 1
  call MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, a, 1, MPI_INTEGER, MPI_COMM_WORLD, ierr)
  call check_ramp('allgather')
  a = 0
  a(rank + 1) = rank + 1
  call MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, a, ones, displs, MPI_INTEGER, MPI_COMM_WORLD, ierr)
  call check_ramp('allgatherv')

  call to_all()
  call MPI_Alltoall(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, a, 1, MPI_INTEGER, MPI_COMM_WORLD, ierr)
  call check_to_all('alltoall')
  call to_all()
  call MPI_Alltoallv(MPI_IN_PLACE, ones, displs, MPI_DATATYPE_NULL, a, ones, displs, MPI_INTEGER, MPI_COMM_WORLD, ierr)
  call check_to_all('alltoallv')
  call to_all()
  call MPI_Alltoallw(MPI_IN_PLACE, ones, bytes, types, a, ones, bytes, types, MPI_COMM_WORLD, ierr)
  call check_to_all('alltoallw')
  call to_all()
  b = 0
  call MPI_Alltoallw(a, ones, bytes, types, b, ones, bytes, types, MPI_COMM_WORLD, ierr)
  a = b
  call check_to_all('alltoallw with two buffers')

  a = rank + 1
  if (rank == 0) then
    call MPI_Reduce(MPI_IN_PLACE, a, m, MPI_INTEGER, MPI_SUM, 0, MPI_COMM_WORLD, ierr)
    call all_same(a, spread(total, 1, m), 'reduce')
  else
    call MPI_Reduce(a, b, m, MPI_INTEGER, MPI_SUM, 0, MPI_COMM_WORLD, ierr)
  end if
  a = rank + 1
  call MPI_Allreduce(MPI_IN_PLACE, a, m, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
  call all_same(a, spread(total, 1, m), 'allreduce')
  call ramp()
  call MPI_Reduce_scatter(MPI_IN_PLACE, a, ones, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
  call same(a(1), size * (rank + 1), 'reduce_scatter')
  call ramp()
  call MPI_Reduce_scatter_block(MPI_IN_PLACE, a, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
  call same(a(1), size * (rank + 1), 'reduce_scatter_block')
  a = rank + 1
  call MPI_Scan(MPI_IN_PLACE, a, m, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
  call all_same(a, spread(before + rank + 1, 1, m), 'scan')
  a = rank + 1
  call MPI_Exscan(MPI_IN_PLACE, a, m, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
  if (rank > 0) call all_same(a, spread(before, 1, m), 'exscan')
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  call finish()

contains

  include 'check.fi'

  subroutine ramp()
    a = [(i, i = 1, m)]
  end subroutine

  subroutine check_ramp(what)
    character(len=*), intent(in) :: what
    call all_same(a(1:size), [(i, i = 1, size)], what)
  end subroutine

  subroutine to_all()
    a = [(100 * rank + i, i = 1, m)]
  end subroutine

  subroutine check_to_all(what)
    character(len=*), intent(in) :: what
    call all_same(a(1:size), [(100 * (i - 1) + rank + 1, i = 1, size)], what)
  end subroutine

end program
