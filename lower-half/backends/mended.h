// Calls that a live MPI gets wrong in some case, made so that it does not. What takes their place in backend_generated.inc has
// the live function's parameters.
#pragma once
#include <mpi.h>

#include <cstddef>
#include <cstdlib>
#include <deque>
#include <vector>

namespace mana {

#if defined(OPEN_MPI)

// Open MPI 4.1 takes no tag for a nonblocking one of no elements, and members of a group that is only half concerned
// (MPI_PROC_NULL) may say any count: between two groups the tags of later collectives differ then. One element that nobody
// looks at goes instead of none.
inline bool is_empty_between_groups(int count, MPI_Datatype type, MPI_Comm comm) {
  int inter = 0;
  return count == 0 && type != MPI_DATATYPE_NULL && MPI_Comm_test_inter(comm, &inter) == MPI_SUCCESS && inter;
}

inline int mended_Ibcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request) {
  static char unused;
  if (is_empty_between_groups(count, type, comm)) return MPI_Ibcast(&unused, 1, MPI_BYTE, root, comm, request);
  return MPI_Ibcast(buffer, count, type, root, comm, request);
}

inline int mended_Ireduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm,
                          MPI_Request *request) {
  static char unused_in, unused_out;
  if (is_empty_between_groups(count, type, comm))
    return MPI_Ireduce(&unused_in, &unused_out, 1, MPI_BYTE, MPI_BOR, root, comm, request);
  return MPI_Ireduce(sendbuf, recvbuf, count, type, op, root, comm, request);
}

// Between two groups Open MPI 4.1 lets all but the first member of a group leave a nonblocking barrier when the first of the other
// group has entered it. A reduction takes its place.
inline int mended_Ibarrier(MPI_Comm comm, MPI_Request *request) {
  static const char in = 0;
  static char out;
  int inter = 0;
  if (MPI_Comm_test_inter(comm, &inter) != MPI_SUCCESS || !inter) return MPI_Ibarrier(comm, request);
  return MPI_Iallreduce(&in, &out, 1, MPI_BYTE, MPI_BOR, comm, request);
}

inline constexpr auto *mended_Reduce = &MPI_Reduce;

// Before MPI_Init; settings of the user's stay.
inline void mend_settings(bool for_mpich) {
  // Open MPI's vector instructions end sums of integers of 8 and 16 bits at the largest value, for all but the last few of an array.
  // Elsewhere they go on at the smallest, as programs built for another MPI are used to.
  if (for_mpich) ::setenv("OMPI_MCA_op", "^avx", 0);
  // Open MPI 4.1 fills the gaps of a collective write with what stands in the file and writes it back without a lock: what another
  // rank writes there meanwhile is lost.
  ::setenv("OMPI_MCA_fbtl_posix_write_datasieving", "0", 0);
#if OMPI_MAJOR_VERSION >= 5
  // Else PMIx maps what the launcher shares with it at an address of the launcher's choice, which lies in the window.
  ::setenv("PMIX_MCA_gds", "hash", 0);
#endif
}

#else

inline void mend_settings(bool) {}

inline constexpr auto *mended_Ibarrier = &MPI_Ibarrier;

// MPICH 4.0 refuses a null send buffer at MPI_ROOT, which has none.
inline const void *send_buffer(const void *sendbuf, int root) {
  static const char unused = 0;
  return sendbuf == nullptr && root == MPI_ROOT ? &unused : sendbuf;
}

inline int mended_Reduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm) {
  return MPI_Reduce(send_buffer(sendbuf, root), recvbuf, count, type, op, root, comm);
}

inline int mended_Ireduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm,
                          MPI_Request *request) {
  return MPI_Ireduce(send_buffer(sendbuf, root), recvbuf, count, type, op, root, comm, request);
}

// Between two groups MPICH 4.0's Ibcast gives the receiving group what its member of the root's number has, when that is not 0. A
// scatter of the same to all takes its place. Its arrays must stay as they are until it has ended.
inline const int *many(int n, int value) {
  static std::deque<std::vector<int>> all[2];  // of zeros, of ones; as often as more were needed
  std::deque<std::vector<int>> &some = all[value];
  if (some.empty() || some.back().size() < static_cast<std::size_t>(n)) some.emplace_back(2 * n, value);
  return some.back().data();
}

inline int larger_group(MPI_Comm comm) {
  int local = 0, remote = 0;
  MPI_Comm_size(comm, &local);
  MPI_Comm_remote_size(comm, &remote);
  return local < remote ? remote : local;
}

inline int scatter_to_all(void *buffer, int count, MPI_Datatype type, int n, MPI_Comm comm, MPI_Request *request) {
  MPI_Datatype whole;
  if (const int error = MPI_Type_contiguous(count, type, &whole)) return error;
  MPI_Type_commit(&whole);
  const int error =
      MPI_Iscatterv(buffer, many(n, count > 0), many(n, 0), whole, nullptr, 0, MPI_BYTE, MPI_ROOT, comm, request);
  MPI_Type_free(&whole);
  return error;
}

inline int mended_Ibcast(void *buffer, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request) {
  int inter = 0;
  if (MPI_Comm_test_inter(comm, &inter) != MPI_SUCCESS || !inter) return MPI_Ibcast(buffer, count, type, root, comm, request);
  const int n = larger_group(comm);
  if (root == MPI_ROOT) return scatter_to_all(buffer, count, type, n, comm, request);
  if (root == MPI_PROC_NULL)
    return MPI_Iscatterv(nullptr, many(n, 0), many(n, 0), MPI_BYTE, nullptr, 0, MPI_BYTE, root, comm, request);
  return MPI_Iscatterv(nullptr, many(n, 0), many(n, 0), MPI_BYTE, buffer, count, type, root, comm, request);
}

#endif

}  // namespace mana
