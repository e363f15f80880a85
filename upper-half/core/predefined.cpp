// The records of all predefined handles, and what is fixed about the predefined datatypes: their sizes on x86-64,
// their names, and the layout of the pair types (int after the value, as a C struct).
#include "abi_constants.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/pool.h"

#include <cstring>

namespace mana {

namespace {

constexpr std::uint32_t kForever = 1u << 30; // references of a predefined record: never freed

struct NamedType {
  std::int16_t abi;
  std::uint8_t size, alignment;
  const char *name;
};

constexpr NamedType kNamedTypes[] = {
    {abi::AINT, 8, 8, "MPI_AINT"},
    {abi::COUNT, 8, 8, "MPI_COUNT"},
    {abi::OFFSET, 8, 8, "MPI_OFFSET"},
    {abi::PACKED, 1, 1, "MPI_PACKED"},
    {abi::SHORT, 2, 2, "MPI_SHORT"},
    {abi::INT, 4, 4, "MPI_INT"},
    {abi::LONG, 8, 8, "MPI_LONG"},
    {abi::LONG_LONG, 8, 8, "MPI_LONG_LONG_INT"},
    {abi::UNSIGNED_SHORT, 2, 2, "MPI_UNSIGNED_SHORT"},
    {abi::UNSIGNED, 4, 4, "MPI_UNSIGNED"},
    {abi::UNSIGNED_LONG, 8, 8, "MPI_UNSIGNED_LONG"},
    {abi::UNSIGNED_LONG_LONG, 8, 8, "MPI_UNSIGNED_LONG_LONG"},
    {abi::FLOAT, 4, 4, "MPI_FLOAT"},
    {abi::C_FLOAT_COMPLEX, 8, 4, "MPI_C_COMPLEX"},
    {abi::CXX_FLOAT_COMPLEX, 8, 4, "MPI_CXX_FLOAT_COMPLEX"},
    {abi::DOUBLE, 8, 8, "MPI_DOUBLE"},
    {abi::C_DOUBLE_COMPLEX, 16, 8, "MPI_C_DOUBLE_COMPLEX"},
    {abi::CXX_DOUBLE_COMPLEX, 16, 8, "MPI_CXX_DOUBLE_COMPLEX"},
    {abi::LOGICAL, 4, 4, "MPI_LOGICAL"},
    {abi::INTEGER, 4, 4, "MPI_INTEGER"},
    {abi::REAL, 4, 4, "MPI_REAL"},
    {abi::COMPLEX, 8, 4, "MPI_COMPLEX"},
    {abi::DOUBLE_PRECISION, 8, 8, "MPI_DOUBLE_PRECISION"},
    {abi::DOUBLE_COMPLEX, 16, 8, "MPI_DOUBLE_COMPLEX"},
    {abi::CHARACTER, 1, 1, "MPI_CHARACTER"},
    {abi::LONG_DOUBLE, 16, 16, "MPI_LONG_DOUBLE"},
    {abi::C_LONG_DOUBLE_COMPLEX, 32, 16, "MPI_C_LONG_DOUBLE_COMPLEX"},
    {abi::CXX_LONG_DOUBLE_COMPLEX, 32, 16, "MPI_CXX_LONG_DOUBLE_COMPLEX"},
    {abi::C_BOOL, 1, 1, "MPI_C_BOOL"},
    {abi::CXX_BOOL, 1, 1, "MPI_CXX_BOOL"},
    {abi::WCHAR, 4, 4, "MPI_WCHAR"},
    {abi::INT8_T, 1, 1, "MPI_INT8_T"},
    {abi::UINT8_T, 1, 1, "MPI_UINT8_T"},
    {abi::CHAR, 1, 1, "MPI_CHAR"},
    {abi::SIGNED_CHAR, 1, 1, "MPI_SIGNED_CHAR"},
    {abi::UNSIGNED_CHAR, 1, 1, "MPI_UNSIGNED_CHAR"},
    {abi::BYTE, 1, 1, "MPI_BYTE"},
    {abi::INT16_T, 2, 2, "MPI_INT16_T"},
    {abi::UINT16_T, 2, 2, "MPI_UINT16_T"},
    {abi::INT32_T, 4, 4, "MPI_INT32_T"},
    {abi::UINT32_T, 4, 4, "MPI_UINT32_T"},
    {abi::INT64_T, 8, 8, "MPI_INT64_T"},
    {abi::UINT64_T, 8, 8, "MPI_UINT64_T"},
    {abi::LOGICAL1, 1, 1, "MPI_LOGICAL1"},
    {abi::INTEGER1, 1, 1, "MPI_INTEGER1"},
    {abi::LOGICAL2, 2, 2, "MPI_LOGICAL2"},
    {abi::INTEGER2, 2, 2, "MPI_INTEGER2"},
    {abi::REAL2, 2, 2, "MPI_REAL2"},
    {abi::LOGICAL4, 4, 4, "MPI_LOGICAL4"},
    {abi::INTEGER4, 4, 4, "MPI_INTEGER4"},
    {abi::REAL4, 4, 4, "MPI_REAL4"},
    {abi::COMPLEX4, 4, 2, "MPI_COMPLEX4"},
    {abi::LOGICAL8, 8, 8, "MPI_LOGICAL8"},
    {abi::INTEGER8, 8, 8, "MPI_INTEGER8"},
    {abi::REAL8, 8, 8, "MPI_REAL8"},
    {abi::COMPLEX8, 8, 4, "MPI_COMPLEX8"},
    {abi::LOGICAL16, 16, 16, "MPI_LOGICAL16"},
    {abi::INTEGER16, 16, 16, "MPI_INTEGER16"},
    {abi::REAL16, 16, 16, "MPI_REAL16"},
    {abi::COMPLEX16, 16, 8, "MPI_COMPLEX16"},
    {abi::COMPLEX32, 32, 16, "MPI_COMPLEX32"},
    {kAbiLb, 0, 1, "MPI_LB"},
    {kAbiUb, 0, 1, "MPI_UB"},
};

struct PairType {
  std::int16_t abi, first, second;
  std::uint8_t offset, extent; // of the second; of both
  const char *name;
};

constexpr PairType kPairTypes[] = {
    {abi::FLOAT_INT, abi::FLOAT, abi::INT, 4, 8, "MPI_FLOAT_INT"},
    {abi::DOUBLE_INT, abi::DOUBLE, abi::INT, 8, 16, "MPI_DOUBLE_INT"},
    {abi::LONG_INT, abi::LONG, abi::INT, 8, 16, "MPI_LONG_INT"},
    {kAbi2Int, abi::INT, abi::INT, 4, 8, "MPI_2INT"},
    {abi::SHORT_INT, abi::SHORT, abi::INT, 4, 8, "MPI_SHORT_INT"},
    {abi::LONG_DOUBLE_INT, abi::LONG_DOUBLE, abi::INT, 16, 32, "MPI_LONG_DOUBLE_INT"},
    {kAbi2Real, abi::REAL, abi::REAL, 4, 8, "MPI_2REAL"},
    {kAbi2DoublePrecision, abi::DOUBLE_PRECISION, abi::DOUBLE_PRECISION, 8, 16, "MPI_2DOUBLE_PRECISION"},
    {kAbi2Integer, abi::INTEGER, abi::INTEGER, 4, 8, "MPI_2INTEGER"},
    {kAbi2Complex, abi::COMPLEX, abi::COMPLEX, 8, 16, "MPI_2COMPLEX"},
    {kAbi2DoubleComplex, abi::DOUBLE_COMPLEX, abi::DOUBLE_COMPLEX, 16, 32, "MPI_2DOUBLE_COMPLEX"},
};

constexpr std::int16_t kOps[] = {abi::OP_NULL, abi::SUM,    abi::MIN,    abi::MAX,     abi::PROD,
                                 abi::BAND,    abi::BOR,    abi::BXOR,   abi::LAND,    abi::LOR,
                                 abi::LXOR,    abi::MINLOC, abi::MAXLOC, abi::REPLACE, abi::NO_OP};

template <class T, std::size_t n> constexpr std::size_t length(const T (&)[n]) { return n; }

Comm comms[3];
Group groups[2];
Datatype null_type, named_types[length(kNamedTypes)], pair_types[length(kPairTypes)];
Op ops[length(kOps)];
Errhandler errhandlers[5];
Info infos[2];
Request null_request_record;
Message messages[2];
Win null_window;
File null_file;
Session null_session;

// The body of a pair type: struct {first; second}.
struct PairBody {
  Datatype type;
  std::int32_t integers[3];
  std::int64_t addresses[2];
  Datatype *types[2];
};
PairBody pair_bodies[length(kPairTypes)];

Object *by_abi[kMaxAbi];

void define(Object *object, Kind kind, int abi, int flags) {
  object->self = object;
  object->refs = kForever;
  object->kind = kind;
  object->flags = static_cast<std::uint8_t>(kPredefined | kLive | flags);
  object->abi = static_cast<std::uint16_t>(abi);
  by_abi[abi] = object;
}

void define_type(Datatype *type, int abi, const char *name) {
  define(type, Kind::datatype, abi, 0);
  type->combiner = abi::COMBINER_NAMED;
  type->committed = 1;
  std::strcpy(type->name, name);
}

void define_named_types() {
  for (std::size_t i = 0; i < length(kNamedTypes); ++i) {
    const NamedType &row = kNamedTypes[i];
    Datatype *type = &named_types[i];
    define_type(type, row.abi, row.name);
    type->size = type->extent = type->true_extent = row.size;
    type->elements = row.size != 0;
    type->alignment = row.alignment;
    type->contiguous = 1;
  }
  static_cast<Datatype *>(by_abi[kAbiLb])->markers = kLbMarker;
  static_cast<Datatype *>(by_abi[kAbiUb])->markers = kUbMarker;
}

void define_pair_types() {
  for (std::size_t i = 0; i < length(kPairTypes); ++i) {
    const PairType &row = kPairTypes[i];
    PairBody &body = pair_bodies[i];
    body.integers[0] = 2;
    body.integers[1] = body.integers[2] = 1;
    body.addresses[1] = row.offset;
    body.types[0] = predefined<Datatype>(row.first);
    body.types[1] = predefined<Datatype>(row.second);
    Datatype *type = &pair_types[i];
    define_type(type, row.abi, row.name);
    body.type.kind = Kind::datatype;
    body.type.combiner = abi::COMBINER_STRUCT;
    body.type.ni = 3;
    body.type.na = body.type.nd = 2;
    body.type.integers = body.integers;
    body.type.addresses = body.addresses;
    body.type.types = body.types;
    body.type.refs = kForever;
    compute_bounds(&body.type);
    type->body = &body.type;
    compute_bounds(type);
  }
}

void define_comms() {
  define(&comms[0], Kind::comm, abi::COMM_NULL, kNull);
  define(&comms[1], Kind::comm, abi::COMM_WORLD, 0);
  define(&comms[2], Kind::comm, abi::COMM_SELF, 0);
  std::strcpy(comms[0].name, "MPI_COMM_NULL");
  std::strcpy(comms[1].name, "MPI_COMM_WORLD");
  std::strcpy(comms[2].name, "MPI_COMM_SELF");
  for (Comm &comm : comms)
    comm.errhandler = initial_errhandler();
}

} // namespace

Object *predefined_object(int abi) { return abi >= 0 && abi < kMaxAbi ? by_abi[abi] : nullptr; }

Datatype *predefined_pair(const Datatype *value, const Datatype *index) {
  for (std::size_t i = 0; i < length(kPairTypes); ++i)
    if (kPairTypes[i].first == value->abi && kPairTypes[i].second == index->abi && kPairTypes[i].abi < kAbi2Complex)
      return &pair_types[i];
  return &null_type;
}

void predefined_start() {
  define(&errhandlers[0], Kind::errhandler, abi::ERRHANDLER_NULL, kNull);
  define(&errhandlers[1], Kind::errhandler, abi::ERRORS_ARE_FATAL, 0);
  define(&errhandlers[2], Kind::errhandler, abi::ERRORS_ABORT, 0);
  define(&errhandlers[3], Kind::errhandler, abi::ERRORS_RETURN, 0);
  define(&errhandlers[4], Kind::errhandler, kAbiErrorsThrow, 0);
  define_comms();
  define(&groups[0], Kind::group, abi::GROUP_NULL, kNull);
  define(&groups[1], Kind::group, abi::GROUP_EMPTY, 0);
  groups[0].rank = groups[1].rank = abi::UNDEFINED;
  define(&null_type, Kind::datatype, abi::DATATYPE_NULL, kNull);
  null_type.combiner = abi::COMBINER_NAMED;
  std::strcpy(null_type.name, "MPI_DATATYPE_NULL");
  define_named_types();
  define_pair_types();
  for (std::size_t i = 0; i < length(kOps); ++i) {
    define(&ops[i], Kind::op, kOps[i], kOps[i] == abi::OP_NULL ? kNull : 0);
    ops[i].commutative = 1;
    ops[i].slot = -1;
  }
  define(&infos[0], Kind::info, abi::INFO_NULL, kNull);
  define(&infos[1], Kind::info, abi::INFO_ENV, 0);
  define(&null_request_record, Kind::request, abi::REQUEST_NULL, kNull);
  define(&messages[0], Kind::message, abi::MESSAGE_NULL, kNull);
  define(&messages[1], Kind::message, abi::MESSAGE_NO_PROC, 0);
  define(&null_window, Kind::win, abi::WIN_NULL, kNull);
  define(&null_file, Kind::file, abi::FILE_NULL, kNull);
  define(&null_session, Kind::session, abi::SESSION_NULL, kNull);
}

} // namespace mana
