! From module mpi, every way to complete requests fills statuses of integers and counts indices from 1.
! polls
program main
  use mpi
  implicit none
  integer :: rank, size, next, prev, ierr
  integer, parameter :: n = 4
  integer, asynchronous :: got(n), sent(n)
  integer :: requests(2 * n), statuses(MPI_STATUS_SIZE, 2 * n), status(MPI_STATUS_SIZE), indices(2 * n), i, k, count
  logical :: flag, seen(n)

  call begin()
  sent = [(10 * rank + i, i = 1, n)]

  call start()
  call MPI_Waitall(2 * n, requests, statuses, ierr)
  do i = 1, n
    call same(statuses(MPI_SOURCE, i), prev, 'source')
    call same(statuses(MPI_TAG, i), i, 'tag')
    call MPI_Get_count(statuses(:, i), MPI_INTEGER, count, ierr)
    call same(count, 1, 'count')
  end do
  call check_received()

  call start()
  seen = .false.
  do i = 1, n
    call MPI_Waitany(n, requests, k, status, ierr)
    call yes(k >= 1 .and. k <= n .and. .not. seen(k), 'waitany')
    seen(k) = .true.
    call same(status(MPI_TAG), k, 'tag of waitany')
  end do
  call MPI_Waitany(n, requests, k, status, ierr)
  ! MPICH adds 1 to this index as well.
  call yes(k == MPI_UNDEFINED .or. k == MPI_UNDEFINED + 1, 'waitany without requests')
  call MPI_Waitall(n, requests(n + 1:), MPI_STATUSES_IGNORE, ierr)
  call check_received()

  call start()
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  seen = .false.
  do while (.not. all(seen))
    call MPI_Waitsome(n, requests, count, indices, statuses, ierr)
    do i = 1, count
      k = indices(i)
      call yes(k >= 1 .and. k <= n .and. .not. seen(k), 'waitsome')
      seen(k) = .true.
      call same(statuses(MPI_TAG, i), k, 'tag of waitsome')
    end do
  end do
  call MPI_Waitsome(n, requests, count, indices, MPI_STATUSES_IGNORE, ierr)
  call same(count, MPI_UNDEFINED, 'waitsome without requests')
  call MPI_Testany(n, requests, k, flag, status, ierr)
  call yes(flag .and. k < 0, 'testany without requests')
  call MPI_Waitall(n, requests(n + 1:), MPI_STATUSES_IGNORE, ierr)
  call check_received()

  call start()
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  flag = .false.
  do while (.not. flag)
    call MPI_Testall(2 * n, requests, flag, statuses, ierr)
  end do
  call same(statuses(MPI_SOURCE, 2), prev, 'source of testall')
  call check_received()

  call start()
  call MPI_Waitall(n, requests(n + 1:), MPI_STATUSES_IGNORE, ierr)
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  flag = .false.
  do while (.not. flag)
    call MPI_Test(requests(1), flag, status, ierr)
  end do
  call same(status(MPI_TAG), 1, 'tag of test')
  flag = .false.
  do while (.not. flag)
    call MPI_Testany(n, requests, k, flag, MPI_STATUS_IGNORE, ierr)
  end do
  call yes(k >= 2 .and. k <= n, 'index of testany')
  count = 0
  do while (count == 0)
    call MPI_Testsome(n, requests, count, indices, statuses, ierr)
  end do
  call yes(indices(1) >= 2 .and. indices(1) <= n .and. indices(1) /= k, 'index of testsome')
  call same(statuses(MPI_TAG, 1), indices(1), 'tag of testsome')
  call MPI_Waitall(n, requests, MPI_STATUSES_IGNORE, ierr)
  call check_received()

  if (rank == 0) call MPI_Send(sent, 3, MPI_INTEGER, 1, 9, MPI_COMM_WORLD, ierr)
  if (rank == 1) then
    call MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, status, ierr)
    call MPI_Get_count(status, MPI_INTEGER, count, ierr)
    call same(count, 3, 'count of probe')
    call MPI_Iprobe(0, 9, MPI_COMM_WORLD, flag, MPI_STATUS_IGNORE, ierr)
    call yes(flag, 'iprobe')
    call MPI_Recv(got, n, MPI_INTEGER, status(MPI_SOURCE), status(MPI_TAG), MPI_COMM_WORLD, MPI_STATUS_IGNORE, ierr)
    call all_same(got(1:3), [1, 2, 3], 'message that was probed')
  end if
  call MPI_Sendrecv(rank, 1, MPI_INTEGER, next, 1, k, 1, MPI_INTEGER, prev, 1, MPI_COMM_WORLD, status, ierr)
  call same(k, prev, 'sendrecv')
  call finish()

contains

  include 'check.fi'

  subroutine start()
    integer :: j
    got = 0
    do j = 1, n
      call MPI_Irecv(got(j), 1, MPI_INTEGER, prev, j, MPI_COMM_WORLD, requests(j), ierr)
    end do
    do j = 1, n
      call MPI_Isend(sent(j), 1, MPI_INTEGER, next, j, MPI_COMM_WORLD, requests(n + j), ierr)
    end do
  end subroutine

  subroutine check_received()
    call all_same(got, [(10 * prev + i, i = 1, n)], 'received')
  end subroutine

end program
