// Both MPIs say whether they take memory of graphics processors; under mana none does, for it could not be saved.
#include "check.h"
#include "mana.h"
#ifdef OPEN_MPI
#include <mpi-ext.h>
#endif

static void answer(int supported) {
  CHECK(supported == 0 || supported == 1);
  if (mana_is_restarted_impl != NULL) SAME(supported, 0);
}

static void ask(void) {
  answer(MPIX_Query_cuda_support());
#ifdef OPEN_MPI
#if OMPI_MAJOR_VERSION >= 5
  answer(MPIX_Query_rocm_support());
#endif
#else
  int supported;
  answer(MPIX_Query_hip_support());
  answer(MPIX_Query_ze_support());
  SAME(MPIX_GPU_query_support(MPIX_GPU_SUPPORT_CUDA, &supported), MPI_SUCCESS);
  answer(supported);
  SAME(MPIX_GPU_query_support(MPIX_GPU_SUPPORT_ZE, &supported), MPI_SUCCESS);
  answer(supported);
  SAME(MPIX_GPU_query_support(MPIX_GPU_SUPPORT_HIP, &supported), MPI_SUCCESS);
  answer(supported);
#endif
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  ask();
  MPI_Barrier(MPI_COMM_WORLD);
  ask();
  return end();
}
