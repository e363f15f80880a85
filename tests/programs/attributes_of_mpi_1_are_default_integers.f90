! From mpif.h, the attribute functions and the type functions of MPI-1 work with default integers.
program main
  implicit none
  include 'mpif.h'
  integer :: rank, size, next, prev, ierr
  integer :: comm, other, keyval, value, n, m, type, a(4), b(4)
  integer :: copied, deleted
  common /counts/ copied, deleted
  logical :: flag
  external :: copy_old, delete_old

  call begin()
  copied = 0
  deleted = 0
  call MPI_Keyval_create(copy_old, delete_old, keyval, 77, ierr)
  call MPI_Comm_dup(MPI_COMM_WORLD, comm, ierr)
  call MPI_Attr_put(comm, keyval, -3, ierr)
  call MPI_Attr_get(comm, keyval, value, flag, ierr)
  call yes(flag, 'attribute is there')
  call same(value, -3, 'attribute')
  call MPI_Comm_dup(comm, other, ierr)
  call same(copied, 1, 'attributes copied')
  call MPI_Attr_get(other, keyval, value, flag, ierr)
  call yes(flag, 'copied attribute is there')
  call same(value, 40, 'copied attribute')
  call MPI_Attr_delete(other, keyval, ierr)
  call same(deleted, 1, 'attributes deleted')
  call MPI_Attr_get(other, keyval, value, flag, ierr)
  call yes(.not. flag, 'deleted attribute')
  call MPI_Attr_get(MPI_COMM_WORLD, MPI_TAG_UB, value, flag, ierr)
  call yes(flag .and. value >= 32767, 'MPI_TAG_UB')
  call MPI_Attr_get(MPI_COMM_WORLD, MPI_WTIME_IS_GLOBAL, value, flag, ierr)
  call yes(.not. flag .or. value == 0 .or. value == 1, 'MPI_WTIME_IS_GLOBAL')
  call MPI_Comm_free(other, ierr)
  call MPI_Comm_free(comm, ierr)
  call same(deleted, 2, 'attributes deleted')
  call MPI_Keyval_free(keyval, ierr)
  call same(keyval, MPI_KEYVAL_INVALID, 'keyval freed')

  call MPI_Type_vector(2, 1, 3, MPI_INTEGER, type, ierr)
  call MPI_Type_commit(type, ierr)
  call MPI_Type_size(type, n, ierr)
  call same(n, 8, 'size of a vector')
  a = [1, 2, 3, 4]
  a = a + 10 * rank
  b = 0
  call MPI_Sendrecv(a, 1, type, next, 4, b, 1, type, prev, 4, MPI_COMM_WORLD, MPI_STATUS_IGNORE, ierr)
  call all_same(b, [10 * prev + 1, 0, 0, 10 * prev + 4], 'vector')
  call MPI_Type_free(type, ierr)
  call MPI_Type_create_f90_integer(9, type, ierr)
  call MPI_Type_size(type, n, ierr)
  call same(n, 4, 'size of an integer of 9 digits')
  call MPI_Allreduce(rank, m, 1, type, MPI_MAX, MPI_COMM_WORLD, ierr)
  call same(m, size - 1, 'maximum of integers of 9 digits')
  call MPI_Type_create_f90_real(15, 307, type, ierr)
  call MPI_Type_size(type, n, ierr)
  call same(n, 8, 'size of a real of 15 digits')
  call MPI_Type_match_size(MPI_TYPECLASS_REAL, 4, type, ierr)
  call MPI_Type_size(type, n, ierr)
  call same(n, 4, 'size of a real of 4 bytes')
  call yes(MPI_Wtime() >= 0 .and. MPI_Wtick() >= 0, 'time')
  call finish()

contains

  include 'check.fi'

end program

subroutine copy_old(comm, keyval, extra_state, value, copy, flag, ierror)
  implicit none
  include 'mpif.h'
  integer :: comm, keyval, extra_state, value, copy, ierror, copied, deleted
  logical :: flag
  common /counts/ copied, deleted
  copied = copied + 1
  copy = value + 43
  flag = .true.
  ierror = MPI_SUCCESS
end subroutine

subroutine delete_old(comm, keyval, value, extra_state, ierror)
  implicit none
  include 'mpif.h'
  integer :: comm, keyval, value, extra_state, ierror, copied, deleted
  common /counts/ copied, deleted
  deleted = deleted + 1
  ierror = MPI_SUCCESS
end subroutine
