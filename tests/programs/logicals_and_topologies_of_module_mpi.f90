! From module mpi, topologies take and give LOGICAL arrays, and graphs may be unweighted.
program main
  use mpi
  implicit none
  integer :: rank, size, next, prev, ierr
  integer :: cart, line, graph, dims(2), coords(2), n, degree, out, from, to, sources(2), targets(2), weights(2), indices(16)
  integer :: edges(32), i, status, values(2), got(2), both(4), sizes(2), types(2)
  integer(MPI_ADDRESS_KIND) :: places(2)
  logical :: periods(2), flag, weighted

  call begin()
  dims = 0
  call MPI_Dims_create(size, 2, dims, ierr)
  call same(dims(1) * dims(2), size, 'dims')
  call MPI_Cart_create(MPI_COMM_WORLD, 2, dims, [.true., .false.], .false., cart, ierr)
  periods = .false.
  call MPI_Cart_get(cart, 2, dims, periods, coords, ierr)
  call yes(periods(1) .and. .not. periods(2), 'periods')
  call yes(periods(1) .eqv. .true., 'value of a LOGICAL')
  call MPI_Cart_rank(cart, coords, n, ierr)
  call same(n, rank, 'rank of the coordinates')
  call MPI_Cart_shift(cart, 1, 1, from, to, ierr)
  if (coords(2) == 0) call same(from, MPI_PROC_NULL, 'neighbour beyond the edge')
  call MPI_Cart_sub(cart, [.true., .false.], line, ierr)
  call MPI_Comm_size(line, n, ierr)
  call same(n, dims(1), 'size of a line')
  call MPI_Topo_test(line, status, ierr)
  call same(status, MPI_CART, 'topology of a line')
  call MPI_Comm_test_inter(cart, flag, ierr)
  call yes(.not. flag, 'test_inter')

  indices(1:size) = [(2 * i, i = 1, size)]
  do i = 0, size - 1
    edges(2 * i + 1) = mod(i + size - 1, size)
    edges(2 * i + 2) = mod(i + 1, size)
  end do
  call MPI_Graph_create(MPI_COMM_WORLD, size, indices, edges, .false., graph, ierr)
  call MPI_Graph_neighbors_count(graph, rank, n, ierr)
  call same(n, 2, 'neighbours')
  call MPI_Graph_neighbors(graph, rank, 2, targets, ierr)
  call all_same(targets, [prev, next], 'neighbours')
  call MPI_Comm_free(graph, ierr)

  call MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 2, [prev, next], MPI_UNWEIGHTED, 2, [prev, next], MPI_UNWEIGHTED, &
                                      MPI_INFO_NULL, .false., graph, ierr)
  call MPI_Dist_graph_neighbors_count(graph, degree, out, weighted, ierr)
  call yes(degree == 2 .and. out == 2 .and. .not. weighted, 'degrees')
  call MPI_Dist_graph_neighbors(graph, 2, sources, MPI_UNWEIGHTED, 2, targets, MPI_UNWEIGHTED, ierr)
  call all_same(sources, [prev, next], 'sources')
  values = [100 + rank, 200 + rank]
  call MPI_Neighbor_alltoall(values, 1, MPI_INTEGER, got, 1, MPI_INTEGER, graph, ierr)
  if (size > 2) call all_same(got, [200 + prev, 100 + next], 'neighbor_alltoall')
  call MPI_Neighbor_allgather(rank, 1, MPI_INTEGER, got, 1, MPI_INTEGER, graph, ierr)
  call all_same(got, [prev, next], 'neighbor_allgather')
  types = MPI_INTEGER
  sizes = 1
  places = [0, 4]
  call MPI_Neighbor_alltoallw(values, sizes, places, types, got, sizes, places, types, graph, ierr)
  if (size > 2) call all_same(got, [200 + prev, 100 + next], 'neighbor_alltoallw')
  call MPI_Comm_free(graph, ierr)
  call MPI_Dist_graph_create(MPI_COMM_WORLD, 1, [rank], [1], [next], [5], MPI_INFO_NULL, .false., graph, ierr)
  call MPI_Dist_graph_neighbors_count(graph, degree, out, weighted, ierr)
  call yes(degree == 1 .and. out == 1 .and. weighted, 'degrees of a ring')
  call MPI_Dist_graph_neighbors(graph, 1, sources, weights, 1, targets, weights(2:), ierr)
  call yes(sources(1) == prev .and. targets(1) == next .and. weights(1) == 5, 'neighbours in a ring')
  call MPI_Comm_free(graph, ierr)
  call MPI_Comm_free(line, ierr)
  call MPI_Comm_free(cart, ierr)

  call MPI_Comm_split(MPI_COMM_WORLD, mod(rank, 2), -rank, line, ierr)
  call MPI_Comm_rank(line, n, ierr)
  call same(n, (size - 1 - rank) / 2, 'rank in a half')
  call MPI_Comm_free(line, ierr)
  call MPI_Comm_split(MPI_COMM_WORLD, MPI_UNDEFINED, 0, line, ierr)
  call same(line, MPI_COMM_NULL, 'communicator of nobody')
  call MPI_Initialized(flag, ierr)
  call yes(flag, 'initialized')
  call MPI_Finalized(flag, ierr)
  call yes(.not. flag, 'finalized')
  call finish()

contains

  include 'check.fi'

end program
