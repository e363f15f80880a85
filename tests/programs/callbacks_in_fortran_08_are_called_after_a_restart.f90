! With mpi_f08, reductions, attribute functions and error handlers written in Fortran are called, before and after a restart.
module callbacks
  use mpi_f08
  use, intrinsic :: iso_c_binding
  implicit none
  integer :: copied = 0, deleted = 0, errors = 0, code_seen = 0
  type(MPI_Comm) :: comm_seen
  type(MPI_Datatype) :: type_seen

contains

  ! a + b + 1
  subroutine combine(invec, inoutvec, len, datatype)
    type(c_ptr), value :: invec, inoutvec
    integer :: len
    type(MPI_Datatype) :: datatype
    integer, pointer :: a(:), b(:)
    call c_f_pointer(invec, a, [len])
    call c_f_pointer(inoutvec, b, [len])
    b = a + b + 1
    type_seen = datatype
  end subroutine

  subroutine copy_attribute(oldcomm, keyval, extra_state, value, copy, flag, ierror)
    type(MPI_Comm) :: oldcomm
    integer :: keyval, ierror
    integer(MPI_ADDRESS_KIND) :: extra_state, value, copy
    logical :: flag
    copied = copied + 1
    ! MPICH hands the address of a temporary on, so extra_state itself cannot be relied on.
    copy = value + 1000
    flag = .true.
    ierror = MPI_SUCCESS
  end subroutine

  subroutine delete_attribute(comm, keyval, value, extra_state, ierror)
    type(MPI_Comm) :: comm
    integer :: keyval, ierror
    integer(MPI_ADDRESS_KIND) :: value, extra_state
    deleted = deleted + 1
    ierror = MPI_SUCCESS
  end subroutine

  subroutine copy_type_attribute(oldtype, keyval, extra_state, value, copy, flag, ierror)
    type(MPI_Datatype) :: oldtype
    integer :: keyval, ierror
    integer(MPI_ADDRESS_KIND) :: extra_state, value, copy
    logical :: flag
    copy = value * 3
    flag = .true.
    ierror = MPI_SUCCESS
  end subroutine

  subroutine on_error(comm, code)
    type(MPI_Comm) :: comm
    integer :: code
    errors = errors + 1
    code_seen = code
    comm_seen = comm
  end subroutine
end module

program main
  use mpi_f08
  use callbacks
  implicit none
  integer :: rank, size, next, prev, ierr
  integer, parameter :: m = 5
  type(MPI_Op) :: op
  type(MPI_Comm) :: one, two
  type(MPI_Datatype) :: type, other
  type(MPI_Errhandler) :: handler, same_handler
  integer :: keyval, type_keyval, plain, i, class
  integer(MPI_ADDRESS_KIND) :: value
  integer :: a(m), b(m)
  logical :: flag, commutes

  call begin()
  call MPI_Op_create(combine, .true., op)
  call MPI_Op_commutative(op, commutes)
  call yes(commutes, 'commutative')
  call MPI_Comm_create_keyval(copy_attribute, delete_attribute, keyval, 1000_MPI_ADDRESS_KIND)
  call MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, plain, 0_MPI_ADDRESS_KIND)
  call MPI_Comm_create_errhandler(on_error, handler)
  call MPI_Comm_dup(MPI_COMM_WORLD, one)
  call MPI_Comm_set_attr(one, keyval, -5_MPI_ADDRESS_KIND)
  call MPI_Comm_set_attr(one, plain, 123456789012_MPI_ADDRESS_KIND)
  call MPI_Comm_get_attr(one, keyval, value, flag)
  call yes(flag .and. value == -5, 'attribute')
  call MPI_Comm_dup(one, two)
  call same(copied, 1, 'attributes copied')
  call MPI_Comm_get_attr(two, keyval, value, flag)
  call yes(flag .and. value == 995, 'copied attribute')
  call MPI_Comm_get_attr(two, plain, value, flag)
  call yes(flag .and. value == 123456789012_MPI_ADDRESS_KIND, 'attribute copied as it is')
  call MPI_Comm_get_attr(two, MPI_TAG_UB, value, flag)
  call yes(flag .and. value >= 32767, 'MPI_TAG_UB')

  a = [(rank + i, i = 1, m)]
  call MPI_Allreduce(a, b, m, MPI_INTEGER, op, two)
  call all_same(b, [(size * (size - 1) / 2 + size * i + size - 1, i = 1, m)], 'allreduce')
  b = a
  call MPI_Allreduce(MPI_IN_PLACE, b, m, MPI_INTEGER, op, two)
  call all_same(b, [(size * (size - 1) / 2 + size * i + size - 1, i = 1, m)], 'allreduce in place')
  call yes(type_seen == MPI_INTEGER, 'type that the reduction was given')
  b = 1
  call MPI_Reduce_local(a, b, m, MPI_INTEGER, op)
  call all_same(b, [(rank + i + 2, i = 1, m)], 'reduce_local')

  call MPI_Comm_set_errhandler(one, handler)
  call MPI_Comm_get_errhandler(one, same_handler)
  call yes(same_handler == handler, 'error handler')
  call MPI_Errhandler_free(same_handler)
  call MPI_Errhandler_free(handler)
  call MPI_Send(a, 1, MPI_INTEGER, size + 7, 0, one, ierr)
  call same(errors, 1, 'errors')
  call MPI_Error_class(code_seen, class)
  call same(class, MPI_ERR_RANK, 'class of the error')
  call yes(comm_seen == one, 'communicator of the error')

  call MPI_Type_create_keyval(copy_type_attribute, MPI_TYPE_NULL_DELETE_FN, type_keyval, 3_MPI_ADDRESS_KIND)
  call MPI_Type_contiguous(3, MPI_INTEGER, type)
  call MPI_Type_set_attr(type, type_keyval, 14_MPI_ADDRESS_KIND)
  call MPI_Type_dup(type, other)
  call MPI_Type_get_attr(other, type_keyval, value, flag)
  call yes(flag .and. value == 42, 'attribute of a type')
  call MPI_Type_delete_attr(other, type_keyval)
  call MPI_Type_get_attr(other, type_keyval, value, flag)
  call yes(.not. flag, 'attribute that was deleted')
  call MPI_Type_free(type)
  call MPI_Type_free(other)
  call MPI_Type_free_keyval(type_keyval)

  call MPI_Comm_delete_attr(one, keyval)
  call same(deleted, 1, 'attributes deleted')
  call MPI_Comm_free(one)
  call MPI_Comm_free(two)
  call same(deleted, 2, 'attributes deleted')
  call MPI_Comm_free_keyval(keyval)
  call MPI_Comm_free_keyval(plain)
  call MPI_Op_free(op)
  call yes(op == MPI_OP_NULL, 'operation freed')
  call finish()

contains

  include 'check.fi'

end program
