! Windows from Fortran: attributes, a put between fences, a fetch under a lock.
program puts_and_fetches
  use mpi
  implicit none
  integer :: ierr, rank, size, win, nxt, prv, i, grp
  integer(kind=MPI_ADDRESS_KIND) :: n, disp, val
  integer, volatile :: mem(10)
  integer :: v, old
  logical :: flag
  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, size, ierr)
  nxt = mod(rank+1,size); prv = mod(rank+size-1,size)
  mem = 0; n = 40
  call MPI_Win_create(mem, n, 4, MPI_INFO_NULL, MPI_COMM_WORLD, win, ierr)
  call MPI_Win_get_attr(win, MPI_WIN_SIZE, val, flag, ierr)
  if (.not. flag .or. val /= 40) call MPI_Abort(MPI_COMM_WORLD, 2, ierr)
  call MPI_Win_get_attr(win, MPI_WIN_CREATE_FLAVOR, val, flag, ierr)
  if (.not. flag .or. val /= MPI_WIN_FLAVOR_CREATE) call MPI_Abort(MPI_COMM_WORLD, 3, ierr)
  call MPI_Win_fence(MPI_MODE_NOPRECEDE, win, ierr)
  v = rank + 5; disp = 3
  call MPI_Put(v, 1, MPI_INTEGER, nxt, disp, 1, MPI_INTEGER, win, ierr)
  call MPI_Win_fence(MPI_MODE_NOSUCCEED, win, ierr)
  if (mem(4) /= prv + 5) call MPI_Abort(MPI_COMM_WORLD, 4, ierr)
  call MPI_Win_lock(MPI_LOCK_EXCLUSIVE, nxt, 0, win, ierr)
  v = 7; disp = 0
  call MPI_Fetch_and_op(v, old, MPI_INTEGER, nxt, disp, MPI_SUM, win, ierr)
  call MPI_Win_unlock(nxt, win, ierr)
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  if (mem(1) /= 7) call MPI_Abort(MPI_COMM_WORLD, 5, ierr)
  call MPI_Win_free(win, ierr)
  if (win /= MPI_WIN_NULL) call MPI_Abort(MPI_COMM_WORLD, 6, ierr)
  if (rank == 0) print *, 'ok'
  call MPI_Finalize(ierr)
end program puts_and_fetches
