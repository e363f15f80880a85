! From module mpi_f08, MPI_UNWEIGHTED and MPI_WEIGHTS_EMPTY are known wherever weights are given or asked for.
program main
  use mpi_f08
  implicit none
  type(MPI_Comm) :: plain, weighted, edgeless
  integer :: rank, size, next, prev, n_in, n_out, from(1), to(1), in(1), out(1)
  logical :: has_weights

  call MPI_Init()
  call MPI_Comm_rank(MPI_COMM_WORLD, rank)
  call MPI_Comm_size(MPI_COMM_WORLD, size)
  next = mod(rank + 1, size)
  prev = mod(rank + size - 1, size)
  call MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, [prev], MPI_UNWEIGHTED, 1, [next], MPI_UNWEIGHTED, MPI_INFO_NULL, &
                                      .false., plain)
  call MPI_Dist_graph_neighbors_count(plain, n_in, n_out, has_weights)
  call yes(n_in == 1 .and. n_out == 1 .and. .not. has_weights, 'without weights')
  call MPI_Dist_graph_neighbors(plain, 1, from, MPI_UNWEIGHTED, 1, to, MPI_UNWEIGHTED)
  call yes(from(1) == prev .and. to(1) == next, 'neighbours')

  call MPI_Dist_graph_create(MPI_COMM_WORLD, 1, [rank], [1], [next], [10 + rank], MPI_INFO_NULL, .false., weighted)
  call MPI_Dist_graph_neighbors(weighted, 1, from, in, 1, to, out)
  call yes(in(1) == 10 + prev .and. out(1) == 10 + rank, 'weights')
  call MPI_Dist_graph_neighbors(weighted, 1, from, MPI_UNWEIGHTED, 1, to, MPI_UNWEIGHTED)
  call yes(from(1) == prev .and. to(1) == next, 'neighbours of weighted edges')

  call MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 0, from, MPI_WEIGHTS_EMPTY, 0, to, MPI_WEIGHTS_EMPTY, MPI_INFO_NULL, &
                                      .false., edgeless)
  call MPI_Dist_graph_neighbors_count(edgeless, n_in, n_out, has_weights)
  call yes(n_in == 0 .and. n_out == 0 .and. has_weights, 'no edges, but weights')
  call MPI_Comm_free(edgeless)
  call MPI_Comm_free(weighted)
  call MPI_Comm_free(plain)
  if (rank == 0) print '(a)', 'ok'
  call MPI_Finalize()

contains

  subroutine yes(condition, what)
    logical, intent(in) :: condition
    character(*), intent(in) :: what
    if (condition) return
    print *, 'rank', rank, 'not so: ', what
    call MPI_Abort(MPI_COMM_WORLD, 1)
  end subroutine
end program
