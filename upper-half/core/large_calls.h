// Communication with MPI_Count arguments (MPI-4), on top of the functions with ints: what the generated Send_c,
// Allgatherv_c ... consist of. Nothing of it needs an MPI with large counts below.
//
//   counts that fit into an int     are passed on
//   one count of one datatype       becomes one item of a datatype of that many (LargeItems): exact, as the receiver
//                                   matches type signatures
//   reductions                      several calls, one for each piece: element by element the same
//   arrays of counts, and operations on derived types                        MPI_ERR_COUNT and a sentence
#pragma once
#include "core/collectives.h"
#include "core/large_types.h"
#include "fn.h"

namespace mana {

// Says once for each function that its arguments are beyond an int, and raises MPI_ERR_COUNT; `comm` may be null.
int too_large(Fn fn, Comm *comm);

// An array of counts or displacements as ints. Arrays that are not significant have length 0.
class NarrowInts {
public:
  NarrowInts(const std::int64_t *from, int n);
  ~NarrowInts();
  NarrowInts(const NarrowInts &) = delete;
  NarrowInts &operator=(const NarrowInts &) = delete;

  bool fit() const { return fit_; }
  const int *data() const { return ints_; }
  // A nonblocking collective was started with them: it reads them until it completes.
  void live_as_long_as(Request *request);

private:
  struct Block;  // a link of CollectiveCall::arrays, then the ints
  Block *block_ = nullptr;
  int *ints_ = nullptr;
  bool fit_ = true;
};

// Pieces of a reduction over more items than an int counts.
inline constexpr std::int64_t kPiece = std::int64_t{1} << 30;

// The buffer behind `items` items; MPI_IN_PLACE stays what it is.
const void *piece_of(const void *buffer, std::int64_t items, const Datatype *type);
inline void *piece_of(void *buffer, std::int64_t items, const Datatype *type) {
  return const_cast<void *>(piece_of(static_cast<const void *>(buffer), items, type));
}
inline int piece_length(std::int64_t left) { return static_cast<int>(left < kPiece ? left : kPiece); }

template <class Call>
int in_pieces_blocking(const void *sendbuf, void *recvbuf, std::int64_t count, const Datatype *type, Call call) {
  for (std::int64_t done = 0; done < count; done += kPiece)
    if (const int error = call(piece_of(sendbuf, done, type), piece_of(recvbuf, done, type), piece_length(count - done)))
      return error;
  return 0;
}

// One request of `n` started ones.
Request *combine(Comm *comm, int n, Request *const *parts);
// They have been started and the rest could not be: they go on by themselves.
void abandon(int n, Request *const *parts);

template <class Call>
int in_pieces_nonblocking(const void *sendbuf, void *recvbuf, std::int64_t count, const Datatype *type, Comm *comm,
                          Request **request, Call call) {
  constexpr int kMost = 1024;  // 2^40 items
  Request *parts[kMost];
  int n = 0;
  for (std::int64_t done = 0; done < count && n < kMost; done += kPiece, ++n) {
    const int error = call(piece_of(sendbuf, done, type), piece_of(recvbuf, done, type), piece_length(count - done), &parts[n]);
    if (error == 0) continue;
    abandon(n, parts);
    return error;
  }
  *request = combine(comm, n, parts);
  return 0;
}

}  // namespace mana
