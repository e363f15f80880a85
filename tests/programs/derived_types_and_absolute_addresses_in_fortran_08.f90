! With mpi_f08, derived types, MPI_BOTTOM with absolute addresses and persistent requests deliver what was sent.
program main
  use mpi_f08
  implicit none
  integer :: rank, size, next, prev, ierr
  type, bind(c) :: particle
    double precision :: x(3)
    integer :: id
    real :: charge
  end type
  integer, parameter :: n = 6
  type(particle), asynchronous :: mine(n), theirs(n)
  type(MPI_Datatype) :: struct, resized, column, block, indexed, types(3), parts(3)
  type(MPI_Request) :: requests(2)
  type(MPI_Status) :: status, statuses(2)
  integer(MPI_ADDRESS_KIND) :: places(3), lb, extent, there, numbers(3)
  integer, asynchronous :: matrix(4, 5), other(4, 5), word
  integer :: i, count, elements, nints, naddresses, ntypes, combiner, lengths(3), ints(8)

  call begin()
  do i = 1, n
    mine(i) = particle([rank + 0.5d0, i * 1d0, -1d0], 100 * rank + i, 0.25)
  end do
  call MPI_Get_address(mine(1)%x, places(1))
  call MPI_Get_address(mine(1)%id, places(2))
  call MPI_Get_address(mine(1)%charge, places(3))
  numbers = places - places(1)
  types = [MPI_DOUBLE_PRECISION, MPI_INTEGER, MPI_REAL]
  call MPI_Type_create_struct(3, [3, 1, 1], numbers, types, struct)
  call MPI_Get_address(mine(2)%x, there)
  extent = MPI_Aint_diff(there, places(1))
  call MPI_Type_create_resized(struct, 0_MPI_ADDRESS_KIND, extent, resized)
  call MPI_Type_commit(resized)
  call MPI_Type_get_extent(resized, lb, extent)
  call same(int(extent), 32, 'extent')
  call MPI_Sendrecv(mine, n, resized, next, 1, theirs, n, resized, prev, 1, MPI_COMM_WORLD, status)
  call MPI_Get_count(status, resized, count)
  call MPI_Get_elements(status, resized, elements)
  call same(count, n, 'count')
  call same(elements, 5 * n, 'elements')
  call same(status%MPI_SOURCE, prev, 'source')
  do i = 1, n
    call yes(theirs(i)%id == 100 * prev + i .and. theirs(i)%x(1) == prev + 0.5d0 .and. theirs(i)%charge == 0.25, 'particle')
  end do

  call MPI_Type_get_envelope(struct, nints, naddresses, ntypes, combiner)
  call same(combiner, MPI_COMBINER_STRUCT, 'combiner')
  call MPI_Type_get_contents(struct, nints, naddresses, ntypes, ints, numbers, parts)
  call all_same(ints(1:4), [3, 3, 1, 1], 'contents')
  call yes(parts(1) == MPI_DOUBLE_PRECISION .and. parts(3) == MPI_REAL, 'types of the contents')
  call same(int(numbers(2)), 24, 'address of the contents')

  ! Two variables that have nothing in common but the address zero.
  matrix = rank
  word = 7 * rank
  call MPI_Get_address(matrix, places(1))
  call MPI_Get_address(word, places(2))
  lengths(1:2) = [20, 1]
  types(1:2) = MPI_INTEGER
  call MPI_Type_create_struct(2, lengths, places, types, block)
  call MPI_Type_commit(block)
  if (rank == 0) call MPI_Send(MPI_BOTTOM, 1, block, 1, 2, MPI_COMM_WORLD)
  if (rank == 1) then
    call MPI_Recv(MPI_BOTTOM, 1, block, 0, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE)
    call same(word, 0, 'word received at an absolute address')
    call same(sum(matrix), 0, 'matrix received at an absolute address')
  end if
  word = rank
  if (rank == 1) word = 99
  call MPI_Type_create_hindexed(1, [1], places(2:2), MPI_INTEGER, indexed)
  call MPI_Type_commit(indexed)
  call MPI_Bcast(MPI_BOTTOM, 1, indexed, 1, MPI_COMM_WORLD)
  call same(word, 99, 'broadcast from an absolute address')

  ! A row of a Fortran matrix, again and again.
  matrix = reshape([(i + 100 * rank, i = 1, 20)], [4, 5])
  other = 0
  call MPI_Type_vector(5, 1, 4, MPI_INTEGER, column)
  call MPI_Type_commit(column)
  call MPI_Recv_init(other(2, 1), 1, column, prev, 3, MPI_COMM_WORLD, requests(1))
  call MPI_Send_init(matrix(3, 1), 1, column, next, 3, MPI_COMM_WORLD, requests(2))
  do i = 1, 3
    matrix(3, :) = matrix(3, :) + 1
    call MPI_Startall(2, requests)
    call MPI_Waitall(2, requests, statuses)
    call same(statuses(1)%MPI_TAG, 3, 'tag of a persistent receive')
    call all_same(other(2, :), [(100 * prev + 4 * count - 1 + i, count = 1, 5)], 'row')
  end do
  call MPI_Start(requests(1))
  call MPI_Start(requests(2))
  call MPI_Wait(requests(1), status)
  call MPI_Wait(requests(2), MPI_STATUS_IGNORE)
  call MPI_Request_free(requests(1))
  call MPI_Request_free(requests(2))
  call yes(requests(1) == MPI_REQUEST_NULL, 'request freed')

  call MPI_Type_free(struct)
  call MPI_Type_free(resized)
  call MPI_Type_free(block)
  call MPI_Type_free(indexed)
  call MPI_Type_free(column)
  call finish()

contains

  include 'check.fi'

end program
