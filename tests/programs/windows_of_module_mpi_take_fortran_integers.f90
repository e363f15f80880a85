! From module mpi, windows are made over Fortran arrays and allocated memory, and their attributes are integers.
program main
  use mpi
  use, intrinsic :: iso_c_binding
  implicit none
  integer :: rank, size, next, prev, ierr
  integer, parameter :: m = 4
  integer, asynchronous :: memory(m), got(m)
  integer, pointer :: allocated(:)
  integer :: win, other, keyval, value(m), i
  integer(MPI_ADDRESS_KIND) :: bytes, base, there, attribute
  type(c_ptr) :: place
  logical :: flag

  call begin()
  memory = rank
  bytes = 4 * m
  call MPI_Win_create(memory, bytes, 4, MPI_INFO_NULL, MPI_COMM_WORLD, win, ierr)
  call MPI_Win_get_attr(win, MPI_WIN_SIZE, attribute, flag, ierr)
  call yes(flag .and. attribute == 16, 'MPI_WIN_SIZE')
  call MPI_Win_get_attr(win, MPI_WIN_DISP_UNIT, attribute, flag, ierr)
  call yes(flag .and. attribute == 4, 'MPI_WIN_DISP_UNIT')
  call MPI_Win_get_attr(win, MPI_WIN_BASE, base, flag, ierr)
  call MPI_Get_address(memory, there, ierr)
  call yes(flag .and. base == there, 'MPI_WIN_BASE')
  call MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, MPI_WIN_NULL_DELETE_FN, keyval, 0_MPI_ADDRESS_KIND, ierr)
  call MPI_Win_set_attr(win, keyval, -77_MPI_ADDRESS_KIND, ierr)

  value = [(10 * rank + i, i = 1, m)]
  call MPI_Win_fence(0, win, ierr)
  call MPI_Put(value, 2, MPI_INTEGER, next, 1_MPI_ADDRESS_KIND, 2, MPI_INTEGER, win, ierr)
  call MPI_Win_fence(0, win, ierr)
  call all_same(memory, [rank, 10 * prev + 1, 10 * prev + 2, rank], 'put')
  call MPI_Get(got, m, MPI_INTEGER, prev, 0_MPI_ADDRESS_KIND, m, MPI_INTEGER, win, ierr)
  call MPI_Win_fence(0, win, ierr)
  i = mod(prev + size - 1, size)
  call all_same(got, [prev, 10 * i + 1, 10 * i + 2, prev], 'get')
  call MPI_Win_get_attr(win, keyval, attribute, flag, ierr)
  call yes(flag .and. attribute == -77, 'attribute')
  call MPI_Win_free(win, ierr)
  call same(win, MPI_WIN_NULL, 'window freed')
  call MPI_Win_free_keyval(keyval, ierr)

  call MPI_Win_allocate(bytes, 4, MPI_INFO_NULL, MPI_COMM_WORLD, place, other, ierr)
  call c_f_pointer(place, allocated, [m])
  allocated = 1
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  call MPI_Win_lock(MPI_LOCK_SHARED, next, 0, other, ierr)
  call MPI_Accumulate(value, m, MPI_INTEGER, next, 0_MPI_ADDRESS_KIND, m, MPI_INTEGER, MPI_SUM, other, ierr)
  call MPI_Win_unlock(next, other, ierr)
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  call MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, other, ierr)
  call all_same(allocated, [(10 * prev + i + 1, i = 1, m)], 'accumulate')
  call MPI_Win_unlock(rank, other, ierr)
  call MPI_Win_free(other, ierr)
  call finish()

contains

  include 'check.fi'

end program
