! MPI-IO through "use mpi": open, views, accesses, errors. The file of a failed open is MPI_FILE_NULL.
program reads_and_writes_files
  use mpi
  implicit none
  integer :: ierr, rank, nprocs, fh, i, n, req, etype, ftype, data(10), got(10)
  integer :: status(MPI_STATUS_SIZE), amode, eclass
  integer(kind=MPI_OFFSET_KIND) :: off, disp
  character(len=MPI_MAX_DATAREP_STRING) :: rep
  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, nprocs, ierr)
  call MPI_File_open(MPI_COMM_WORLD, 'fortran.dat  ', MPI_MODE_RDWR + MPI_MODE_CREATE, MPI_INFO_NULL, fh, ierr)
  if (ierr /= MPI_SUCCESS) stop 1
  data = [(100*rank + i, i = 1, 10)]
  off = 40 * rank
  call MPI_File_write_at_all(fh, off, data, 10, MPI_INTEGER, status, ierr)
  call MPI_Get_count(status, MPI_INTEGER, n, ierr)
  if (n /= 10) stop 2
  call MPI_File_sync(fh, ierr)
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  off = 40 * mod(rank + 1, nprocs)
  call MPI_File_iread_at(fh, off, got, 10, MPI_INTEGER, req, ierr)
  call MPI_Wait(req, status, ierr)
  if (got(10) /= 100 * mod(rank + 1, nprocs) + 10) stop 3
  disp = 8
  call MPI_File_set_view(fh, disp, MPI_INTEGER, MPI_INTEGER, 'native', MPI_INFO_NULL, ierr)
  call MPI_File_get_view(fh, off, etype, ftype, rep, ierr)
  if (off /= 8 .or. etype /= MPI_INTEGER .or. trim(rep) /= 'native') stop 4
  call MPI_File_get_amode(fh, amode, ierr)
  if (amode /= MPI_MODE_RDWR + MPI_MODE_CREATE) stop 5
  off = 2
  call MPI_File_seek(fh, off, MPI_SEEK_SET, ierr)
  call MPI_File_read_all(fh, got, 1, MPI_INTEGER, status, ierr)
  if (got(1) /= 5) stop 6
  call MPI_File_close(fh, ierr)
  if (fh /= MPI_FILE_NULL) stop 7
  call MPI_File_open(MPI_COMM_WORLD, 'no such file', MPI_MODE_RDONLY, MPI_INFO_NULL, fh, ierr)
  call MPI_Error_class(ierr, eclass, i)
  if (eclass /= MPI_ERR_NO_SUCH_FILE .or. fh /= MPI_FILE_NULL) stop 8
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  if (rank == 0) call MPI_File_delete('fortran.dat', MPI_INFO_NULL, ierr)
  if (rank == 0) print '(a)', 'ok'
  call MPI_Finalize(ierr)
end program
