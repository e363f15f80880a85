// Constants of an mpi.h <-> MPI-5.0 ABI. Included by each front after its mpi.h; what the standard lets differ
// differs in nearly every value, so nothing may be passed on untranslated.
#pragma once
#include "abi_constants.h"
#include "core/attributes.h"
#include "core/communicators.h"
#include "core/errors.h"

namespace mana::front_side {

constexpr int kNotARank = -99; // means nothing in the ABI: the core reports MPI_ERR_RANK or MPI_ERR_TAG

inline int rank_in(int rank) {
  if (rank >= 0) [[likely]]
    return rank;
  switch (rank) {
  case MPI_ANY_SOURCE:
    return abi::ANY_SOURCE;
  case MPI_PROC_NULL:
    return abi::PROC_NULL;
  case MPI_ROOT:
    return abi::ROOT;
  case MPI_UNDEFINED:
    return abi::UNDEFINED;
  default:
    return kNotARank;
  }
}
inline int rank_out(int rank) {
  if (rank >= 0) [[likely]]
    return rank;
  switch (rank) {
  case abi::ANY_SOURCE:
    return MPI_ANY_SOURCE;
  case abi::PROC_NULL:
    return MPI_PROC_NULL;
  case abi::ROOT:
    return MPI_ROOT;
  default:
    return MPI_UNDEFINED;
  }
}

inline int tag_in(int tag) {
  if (tag >= 0) [[likely]]
    return tag;
  return tag == MPI_ANY_TAG ? abi::ANY_TAG : tag == MPI_UNDEFINED ? abi::UNDEFINED : kNotARank;
}
inline int tag_out(int tag) {
  if (tag >= 0) [[likely]]
    return tag;
  return tag == abi::UNDEFINED ? MPI_UNDEFINED : MPI_ANY_TAG;
}

// Error codes: classes by table, codes that the application has added are shifted behind the front's
// MPI_ERR_LASTCODE.
constexpr int kUserCodeShift = MPI_ERR_LASTCODE < kFirstUserCode ? 0 : MPI_ERR_LASTCODE;

inline int errcode_in(int code) {
  if (code >= kFirstUserCode + kUserCodeShift)
    return code - kUserCodeShift;
  switch (code) {
#include "front_errors_in.inc"
  default:
    return -1;
  }
}
inline int errcode_out(int code) {
  if (code >= kFirstUserCode && code < abi::T_ERR_CANNOT_INIT)
    return code + kUserCodeShift;
  switch (code) {
#include "front_errors_out.inc"
  default:
    return MPI_ERR_OTHER;
  }
}
// What a function returns.
inline int error_out(int code) { return code == 0 || code == kSilenced || code == kSilencedWithStatus ? MPI_SUCCESS : errcode_out(code); }

inline int keyval_in(int keyval) {
  switch (keyval) {
  case MPI_KEYVAL_INVALID:
    return abi::KEYVAL_INVALID;
  case MPI_TAG_UB:
    return abi::TAG_UB;
  case MPI_IO:
    return abi::IO;
  case MPI_HOST:
    return abi::HOST;
  case MPI_WTIME_IS_GLOBAL:
    return abi::WTIME_IS_GLOBAL;
  case MPI_APPNUM:
    return abi::APPNUM;
  case MPI_LASTUSEDCODE:
    return abi::LASTUSEDCODE;
  case MPI_UNIVERSE_SIZE:
    return abi::UNIVERSE_SIZE;
  case MPI_WIN_BASE:
    return abi::WIN_BASE;
  case MPI_WIN_DISP_UNIT:
    return abi::WIN_DISP_UNIT;
  case MPI_WIN_SIZE:
    return abi::WIN_SIZE;
  case MPI_WIN_CREATE_FLAVOR:
    return abi::WIN_CREATE_FLAVOR;
  case MPI_WIN_MODEL:
    return abi::WIN_MODEL;
#if OMPI_MAJOR_VERSION >= 5
  case MPI_FT:
    return kFaultTolerance;
#endif
  default:
    return keyval >= kFirstKeyval ? keyval : abi::KEYVAL_INVALID;
  }
}
inline int keyval_out(int keyval) { return keyval == abi::KEYVAL_INVALID ? MPI_KEYVAL_INVALID : keyval; }

inline int threadlevel_in(int level) {
  switch (level) {
  case MPI_THREAD_SINGLE:
    return abi::THREAD_SINGLE;
  case MPI_THREAD_FUNNELED:
    return abi::THREAD_FUNNELED;
  case MPI_THREAD_SERIALIZED:
    return abi::THREAD_SERIALIZED;
  default:
    return abi::THREAD_MULTIPLE;
  }
}
inline int threadlevel_out(int level) {
  switch (level) {
  case abi::THREAD_SINGLE:
    return MPI_THREAD_SINGLE;
  case abi::THREAD_FUNNELED:
    return MPI_THREAD_FUNNELED;
  case abi::THREAD_SERIALIZED:
    return MPI_THREAD_SERIALIZED;
  default:
    return MPI_THREAD_MULTIPLE;
  }
}

inline int comparison_out(int result) {
  switch (result) {
  case abi::IDENT:
    return MPI_IDENT;
  case abi::CONGRUENT:
    return MPI_CONGRUENT;
  case abi::SIMILAR:
    return MPI_SIMILAR;
  default:
    return MPI_UNEQUAL;
  }
}

inline int topology_out(int topology) {
  switch (topology) {
  case abi::CART:
    return MPI_CART;
  case abi::GRAPH:
    return MPI_GRAPH;
  case abi::DIST_GRAPH:
    return MPI_DIST_GRAPH;
  default:
    return MPI_UNDEFINED;
  }
}

inline int splittype_in(int type) {
  if (type == MPI_COMM_TYPE_SHARED)
    return abi::COMM_TYPE_SHARED;
#ifdef OPEN_MPI
  if (type > MPI_COMM_TYPE_SHARED && type <= OMPI_COMM_TYPE_CLUSTER)
    return kFirstOwnSplitType + type;
#else
  if (type == MPIX_COMM_TYPE_NEIGHBORHOOD)
    return kNeighbourhood;
#endif
#if MPI_VERSION >= 4 || OMPI_MAJOR_VERSION >= 5
  if (type == MPI_COMM_TYPE_HW_GUIDED)
    return abi::COMM_TYPE_HW_GUIDED;
  if (type == MPI_COMM_TYPE_HW_UNGUIDED)
    return abi::COMM_TYPE_HW_UNGUIDED;
#endif
#ifdef MPI_COMM_TYPE_RESOURCE_GUIDED
  if (type == MPI_COMM_TYPE_RESOURCE_GUIDED)
    return abi::COMM_TYPE_RESOURCE_GUIDED;
#endif
  return type == MPI_UNDEFINED ? abi::UNDEFINED : kNotARank;
}

inline int typeclass_in(int typeclass) {
  switch (typeclass) {
  case MPI_TYPECLASS_INTEGER:
    return abi::TYPECLASS_INTEGER;
  case MPI_TYPECLASS_REAL:
    return abi::TYPECLASS_REAL;
  case MPI_TYPECLASS_COMPLEX:
    return abi::TYPECLASS_COMPLEX;
  default:
    return kNotARank;
  }
}

inline int locktype_in(int type) {
  if (type == MPI_LOCK_EXCLUSIVE)
    return abi::LOCK_EXCLUSIVE;
  return type == MPI_LOCK_SHARED ? abi::LOCK_SHARED : kNotARank;
}

// Any combination of these; -1 when there is anything else among them.
inline int rmaassert_in(int assert) {
  constexpr int kModes[][2] = {{MPI_MODE_NOCHECK, abi::MODE_NOCHECK},
                               {MPI_MODE_NOPRECEDE, abi::MODE_NOPRECEDE},
                               {MPI_MODE_NOPUT, abi::MODE_NOPUT},
                               {MPI_MODE_NOSTORE, abi::MODE_NOSTORE},
                               {MPI_MODE_NOSUCCEED, abi::MODE_NOSUCCEED}};
  int modes = 0;
  for (const auto &mode : kModes)
    if (assert & mode[0]) {
      assert &= ~mode[0];
      modes |= mode[1];
    }
  return assert == 0 ? modes : -1;
}

inline int order_in(int order) {
  if (order == MPI_ORDER_C)
    return abi::ORDER_C;
  return order == MPI_ORDER_FORTRAN ? abi::ORDER_FORTRAN : kNotARank;
}
inline int order_out(int order) { return order == abi::ORDER_C ? MPI_ORDER_C : MPI_ORDER_FORTRAN; }

inline int distribution_in(int distribution) {
  switch (distribution) {
  case MPI_DISTRIBUTE_BLOCK:
    return abi::DISTRIBUTE_BLOCK;
  case MPI_DISTRIBUTE_CYCLIC:
    return abi::DISTRIBUTE_CYCLIC;
  case MPI_DISTRIBUTE_NONE:
    return abi::DISTRIBUTE_NONE;
  default:
    return kNotARank;
  }
}
inline int distribution_out(int distribution) {
  switch (distribution) {
  case abi::DISTRIBUTE_BLOCK:
    return MPI_DISTRIBUTE_BLOCK;
  case abi::DISTRIBUTE_CYCLIC:
    return MPI_DISTRIBUTE_CYCLIC;
  default:
    return MPI_DISTRIBUTE_NONE;
  }
}
inline int darg_in(int darg) { return darg == MPI_DISTRIBUTE_DFLT_DARG ? kDefaultDarg : darg; }
inline int darg_out(int darg) { return darg == kDefaultDarg ? MPI_DISTRIBUTE_DFLT_DARG : darg; }

struct ModeBit {
  int front, abi;
};
inline constexpr ModeBit kModeBits[] = {
    {MPI_MODE_APPEND, abi::MODE_APPEND},         {MPI_MODE_CREATE, abi::MODE_CREATE},
    {MPI_MODE_EXCL, abi::MODE_EXCL},             {MPI_MODE_DELETE_ON_CLOSE, abi::MODE_DELETE_ON_CLOSE},
    {MPI_MODE_RDONLY, abi::MODE_RDONLY},         {MPI_MODE_RDWR, abi::MODE_RDWR},
    {MPI_MODE_SEQUENTIAL, abi::MODE_SEQUENTIAL}, {MPI_MODE_UNIQUE_OPEN, abi::MODE_UNIQUE_OPEN},
    {MPI_MODE_WRONLY, abi::MODE_WRONLY}};
inline int amode_in(int amode) {
  int bits = 0;
  for (const ModeBit &bit : kModeBits)
    if (amode & bit.front)
      bits |= bit.abi;
  return bits;
}
inline int amode_out(int amode) {
  int bits = 0;
  for (const ModeBit &bit : kModeBits)
    if (amode & bit.abi)
      bits |= bit.front;
  return bits;
}

inline int whence_in(int whence) {
  switch (whence) {
  case MPI_SEEK_SET:
    return abi::FILE_SEEK_SET;
  case MPI_SEEK_CUR:
    return abi::FILE_SEEK_CUR;
  case MPI_SEEK_END:
    return abi::FILE_SEEK_END;
  default:
    return kNotARank;
  }
}
// The ABI's MPI_DISPLACEMENT_CURRENT is -1; every other negative displacement is an error.
inline std::int64_t disp_in(MPI_Offset disp) {
  if (disp >= 0)
    return disp;
  return disp == MPI_DISPLACEMENT_CURRENT ? abi::DISPLACEMENT_CURRENT : -2;
}

inline int combiner_out(int combiner) {
  switch (combiner) {
#include "front_combiners.inc"
  default:
    return MPI_COMBINER_NAMED;
  }
}

} // namespace mana::front_side
