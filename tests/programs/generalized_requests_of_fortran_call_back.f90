! The functions of a generalized request written in Fortran are called with their extra state, also after a restart: cancel
! when it is cancelled, query for the outcome, free at its end.
module callbacks
  use mpi
  implicit none
  integer(mpi_address_kind), save :: state = 77
  integer, save :: queries = 0, frees = 0, cancels = 0
contains
  subroutine query(extra, status, ierror)
    integer(mpi_address_kind) :: extra
    integer :: status(mpi_status_size), ierror
    if (extra /= 77) stop 2
    queries = queries + 1
    call mpi_status_set_elements(status, mpi_integer, 3, ierror)
    call mpi_status_set_cancelled(status, .false., ierror)
    status(mpi_source) = 5
    status(mpi_tag) = 6
    ierror = mpi_success
  end subroutine

  subroutine free_state(extra, ierror)
    integer(mpi_address_kind) :: extra
    integer :: ierror
    if (extra /= 77) stop 3
    frees = frees + 1
    extra = 78  ! in both MPIs it is the variable of mpi_grequest_start
    ierror = mpi_success
  end subroutine

  subroutine cancel(extra, complete, ierror)
    integer(mpi_address_kind) :: extra
    logical :: complete
    integer :: ierror
    if (extra /= 77 .or. complete) stop 4
    cancels = cancels + 1
    ierror = mpi_success
  end subroutine
end module

program generalized_requests_of_fortran_call_back
  use callbacks
  implicit none
  integer :: ierror, request, status(mpi_status_size), rank, n
  logical :: flag
  call mpi_init(ierror)
  call mpi_comm_rank(mpi_comm_world, rank, ierror)
  call mpi_grequest_start(query, free_state, cancel, state, request, ierror)
  call mpi_barrier(mpi_comm_world, ierror)
  call mpi_test(request, flag, status, ierror)
  if (flag .or. queries /= 0) stop 5
  call mpi_cancel(request, ierror)
  if (cancels /= 1) stop 6
  call mpi_barrier(mpi_comm_world, ierror)
  call mpi_grequest_complete(request, ierror)
  call mpi_barrier(mpi_comm_world, ierror)
  call mpi_wait(request, status, ierror)
  if (request /= mpi_request_null) stop 7
  if (queries /= 1 .or. frees /= 1 .or. cancels /= 1 .or. state /= 78) stop 8
  call mpi_get_elements(status, mpi_integer, n, ierror)
  if (n /= 3 .or. status(mpi_source) /= 5 .or. status(mpi_tag) /= 6) stop 9
  call mpi_barrier(mpi_comm_world, ierror)
  if (rank == 0) print '(a)', 'ok'
  call mpi_finalize(ierror)
end program
