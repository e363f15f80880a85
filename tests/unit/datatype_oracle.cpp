// Random type trees, made by our engine and by a real MPI in the same process, compared in everything that MPI
// tells about a type, and in the bytes that it packs.
//
// Each tree is made three times: by our constructors (core/datatypes.h), by the same constructors of the MPI, and by
// native_of() from our record, which is what a restart does. Usage: datatype_oracle [trees [seed]].
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "core/pack.h"
#include "core_api.h"
#include "core_fixture.h"

namespace mana {

namespace {

std::mt19937 random_bits;
int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_bits); }

// ---------------------------------------------------------------------------------
// The seam without a crossing: natives are the MPI's handles.

template <class Native> MPI_Datatype unwrap(Native native) {
  return (MPI_Datatype) static_cast<std::uint64_t>(native);
}
NativeDatatype wrap(MPI_Datatype type) { return static_cast<NativeDatatype>((std::uint64_t)type); }

struct Basic {
  int abi;
  MPI_Datatype native;
};
std::vector<Basic> basics() {
  return {{abi::CHAR, MPI_CHAR},
          {abi::SHORT, MPI_SHORT},
          {abi::INT, MPI_INT},
          {abi::LONG, MPI_LONG},
          {abi::FLOAT, MPI_FLOAT},
          {abi::DOUBLE, MPI_DOUBLE},
          {abi::BYTE, MPI_BYTE},
          {abi::C_DOUBLE_COMPLEX, MPI_C_DOUBLE_COMPLEX},
          {abi::WCHAR, MPI_WCHAR},
          {abi::LONG_DOUBLE, MPI_LONG_DOUBLE},
          {abi::SHORT_INT, MPI_SHORT_INT},
          {abi::DOUBLE_INT, MPI_DOUBLE_INT},
          {abi::FLOAT_INT, MPI_FLOAT_INT},
          {kAbi2Int, MPI_2INT}};
}

std::uint64_t predefined_native(int abi) {
  if (abi == abi::DATATYPE_NULL)
    return (std::uint64_t)MPI_DATATYPE_NULL;
  for (const Basic &basic : basics())
    if (basic.abi == abi)
      return (std::uint64_t)basic.native;
  std::abort();
}

template <class Make> int made(NativeDatatype *out, Make make) {
  MPI_Datatype type;
  const int error = make(&type);
  *out = wrap(type);
  return error;
}

void connect() {
  test_mpi.predefined = predefined_native;
  test_mpi.Type_contiguous = [](int n, NativeDatatype old, NativeDatatype *out) {
    return made(out, [&](auto t) { return MPI_Type_contiguous(n, unwrap(old), t); });
  };
  test_mpi.Type_vector = [](int n, int b, int s, NativeDatatype old, NativeDatatype *out) {
    return made(out, [&](auto t) { return MPI_Type_vector(n, b, s, unwrap(old), t); });
  };
  test_mpi.Type_create_hvector = [](int n, int b, std::int64_t s, NativeDatatype old, NativeDatatype *out) {
    return made(out, [&](auto t) { return MPI_Type_create_hvector(n, b, s, unwrap(old), t); });
  };
  test_mpi.Type_indexed = [](int n, const int *b, const int *d, NativeDatatype old, NativeDatatype *out) {
    return made(out, [&](auto t) { return MPI_Type_indexed(n, b, d, unwrap(old), t); });
  };
  test_mpi.Type_create_hindexed = [](int n, const int *b, const std::int64_t *d, NativeDatatype old,
                                     NativeDatatype *out) {
    return made(out, [&](auto t) { return MPI_Type_create_hindexed(n, b, (const MPI_Aint *)d, unwrap(old), t); });
  };
  test_mpi.Type_create_indexed_block = [](int n, int b, const int *d, NativeDatatype old, NativeDatatype *out) {
    return made(out, [&](auto t) { return MPI_Type_create_indexed_block(n, b, d, unwrap(old), t); });
  };
  test_mpi.Type_create_hindexed_block = [](int n, int b, const std::int64_t *d, NativeDatatype old,
                                           NativeDatatype *out) {
    return made(out,
                [&](auto t) { return MPI_Type_create_hindexed_block(n, b, (const MPI_Aint *)d, unwrap(old), t); });
  };
  test_mpi.Type_create_struct = [](int n, const int *b, const std::int64_t *d, const NativeDatatype *old,
                                   NativeDatatype *out) {
    std::vector<MPI_Datatype> types;
    for (int i = 0; i < n; ++i)
      types.push_back(unwrap(old[i]));
    return made(out, [&](auto t) { return MPI_Type_create_struct(n, b, (const MPI_Aint *)d, types.data(), t); });
  };
  test_mpi.Type_create_resized = [](NativeDatatype old, std::int64_t lb, std::int64_t extent, NativeDatatype *out) {
    return made(out, [&](auto t) { return MPI_Type_create_resized(unwrap(old), lb, extent, t); });
  };
  test_mpi.Type_get_extent = [](NativeDatatype type, std::int64_t *lb, std::int64_t *extent) {
    return MPI_Type_get_extent(unwrap(type), (MPI_Aint *)lb, (MPI_Aint *)extent);
  };
  test_mpi.Type_commit = [](NativeDatatype *type) {
    MPI_Datatype t = unwrap(*type);
    return MPI_Type_commit(&t);
  };
  test_mpi.Type_free = [](NativeDatatype *type) {
    MPI_Datatype t = unwrap(*type);
    return MPI_Type_free(&t);
  };
}

// ---------------------------------------------------------------------------------
// Trees

// MPICH lets empty blocks count for the bounds, Open MPI does not (nor does the standard, nor do we). So there are
// none in trees for MPICH, and those with a darray, of which a process may have nothing, are compared by their bytes
// only.
#if defined(OPEN_MPI)
constexpr int kLeast = 0;
#else
constexpr int kLeast = 1;
#endif

struct Tree {
  Datatype *ours;
  MPI_Datatype native;
  std::string text;
};

void free_tree(Tree &tree) {
  if (!(tree.ours->flags & kPredefined)) {
    api::Type_free(&tree.ours);
    MPI_Type_free(&tree.native);
  }
}

std::string list(const std::vector<int> &values) {
  std::string text = "{";
  for (int v : values)
    text += std::to_string(v) + " ";
  return text + "}";
}

std::vector<int> some(int n, int low, int high) {
  std::vector<int> values;
  for (int i = 0; i < n; ++i)
    values.push_back(pick(low, high));
  return values;
}

Tree random_tree(int depth);

Tree array_tree(Tree old, bool distributed) {
  const int ndims = pick(1, 3);
  const bool c_order = pick(0, 1);
  const int ours_order = c_order ? abi::ORDER_C : abi::ORDER_FORTRAN;
  const int order = c_order ? MPI_ORDER_C : MPI_ORDER_FORTRAN;
  Tree tree{};
  const std::vector<int> sizes = some(ndims, 1, 7);
  if (!distributed) {
    std::vector<int> subsizes, starts;
    for (int size : sizes) {
      subsizes.push_back(pick(1, size));
      starts.push_back(pick(0, size - subsizes.back()));
    }
    api::Type_create_subarray(ndims, sizes.data(), subsizes.data(), starts.data(), ours_order, old.ours, &tree.ours);
    MPI_Type_create_subarray(ndims, sizes.data(), subsizes.data(), starts.data(), order, old.native, &tree.native);
    tree.text = "subarray " + list(sizes) + list(subsizes) + list(starts) + (c_order ? "C " : "F ") + old.text;
    return tree;
  }
  static const int kOurs[] = {abi::DISTRIBUTE_BLOCK, abi::DISTRIBUTE_CYCLIC, abi::DISTRIBUTE_NONE};
  static const int kNative[] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_NONE};
  std::vector<int> ours_distribs, distribs, ours_dargs, dargs, psizes;
  int processes = 1;
  for (int size : sizes) {
    const int kind = pick(0, 2);
    psizes.push_back(kind == 2 ? 1 : pick(1, 3));
    processes *= psizes.back();
    ours_distribs.push_back(kOurs[kind]);
    distribs.push_back(kNative[kind]);
    const bool standard = kind == 2 || pick(0, 1);
    const int least = kind == 0 ? (size + psizes.back() - 1) / psizes.back() : 1;
    const int darg = pick(least, least + 2);
    ours_dargs.push_back(standard ? kDefaultDarg : darg);
    dargs.push_back(standard ? MPI_DISTRIBUTE_DFLT_DARG : ours_dargs.back());
  }
  const int rank = pick(0, processes - 1);
  api::Type_create_darray(processes, rank, ndims, sizes.data(), ours_distribs.data(), ours_dargs.data(),
                          psizes.data(), ours_order, old.ours, &tree.ours);
  MPI_Type_create_darray(processes, rank, ndims, sizes.data(), distribs.data(), dargs.data(), psizes.data(), order,
                         old.native, &tree.native);
  tree.text = "darray rank " + std::to_string(rank) + list(sizes) + list(ours_distribs) + list(ours_dargs) +
              list(psizes) + (c_order ? "C " : "F ") + old.text;
  return tree;
}

Tree struct_tree(int depth) {
  const int n = pick(1, 3);
  std::vector<Tree> parts;
  std::vector<Datatype *> ours;
  std::vector<MPI_Datatype> natives;
  const std::vector<int> lengths = some(n, kLeast, 3), at32 = some(n, -20, 80);
  std::vector<std::int64_t> at(at32.begin(), at32.end());
  Tree tree{};
  tree.text = "struct " + list(lengths) + list(at32) + "(";
  for (int i = 0; i < n; ++i) {
    parts.push_back(random_tree(depth - 1));
    ours.push_back(parts[i].ours);
    natives.push_back(parts[i].native);
    tree.text += parts[i].text + ", ";
  }
  tree.text += ")";
  api::Type_create_struct(n, lengths.data(), at.data(), ours.data(), &tree.ours);
  MPI_Type_create_struct(n, lengths.data(), (MPI_Aint *)at.data(), natives.data(), &tree.native);
  for (Tree &part : parts)
    free_tree(part);
  return tree;
}

Tree random_tree(int depth) {
  if (depth == 0 || pick(0, 5) == 0) {
    const auto all = basics();
    const Basic &basic = all[pick(0, int(all.size()) - 1)];
    return {predefined<Datatype>(basic.abi), basic.native, predefined<Datatype>(basic.abi)->name};
  }
  const int kind = pick(0, 11);
  if (kind == 11)
    return struct_tree(depth);
  Tree old = random_tree(depth - 1), tree{};
  const int n = pick(kLeast, 4), b = pick(kLeast, 3), s = pick(-4, 8);
  const std::vector<int> lengths = some(n, kLeast, 3), at32 = some(n, -6, 12), bytes32 = some(n, -40, 120);
  std::vector<std::int64_t> bytes(bytes32.begin(), bytes32.end());
  const auto numbers = std::to_string(n) + " " + std::to_string(b) + " " + std::to_string(s) + " ";
  switch (kind) {
  case 0:
    api::Type_contiguous(n, old.ours, &tree.ours);
    MPI_Type_contiguous(n, old.native, &tree.native);
    tree.text = "contiguous " + std::to_string(n) + " " + old.text;
    break;
  case 1:
    api::Type_vector(n, b, s, old.ours, &tree.ours);
    MPI_Type_vector(n, b, s, old.native, &tree.native);
    tree.text = "vector " + numbers + old.text;
    break;
  case 2:
    api::Type_create_hvector(n, b, s * 5, old.ours, &tree.ours);
    MPI_Type_create_hvector(n, b, s * 5, old.native, &tree.native);
    tree.text = "hvector*5 " + numbers + old.text;
    break;
  case 3:
    api::Type_indexed(n, lengths.data(), at32.data(), old.ours, &tree.ours);
    MPI_Type_indexed(n, lengths.data(), at32.data(), old.native, &tree.native);
    tree.text = "indexed " + list(lengths) + list(at32) + old.text;
    break;
  case 4:
    api::Type_create_hindexed(n, lengths.data(), bytes.data(), old.ours, &tree.ours);
    MPI_Type_create_hindexed(n, lengths.data(), (MPI_Aint *)bytes.data(), old.native, &tree.native);
    tree.text = "hindexed " + list(lengths) + list(bytes32) + old.text;
    break;
  case 5:
    api::Type_create_indexed_block(n, b, at32.data(), old.ours, &tree.ours);
    MPI_Type_create_indexed_block(n, b, at32.data(), old.native, &tree.native);
    tree.text = "indexed_block " + std::to_string(b) + list(at32) + old.text;
    break;
  case 6:
    api::Type_create_hindexed_block(n, b, bytes.data(), old.ours, &tree.ours);
    MPI_Type_create_hindexed_block(n, b, (MPI_Aint *)bytes.data(), old.native, &tree.native);
    tree.text = "hindexed_block " + std::to_string(b) + list(bytes32) + old.text;
    break;
  case 7:
    api::Type_create_resized(old.ours, s, 16 * b + 3 * n, &tree.ours);
    MPI_Type_create_resized(old.native, s, 16 * b + 3 * n, &tree.native);
    tree.text = "resized lb " + std::to_string(s) + " extent " + std::to_string(16 * b + 3 * n) + " " + old.text;
    break;
  case 8:
    api::Type_dup(old.ours, &tree.ours);
    MPI_Type_dup(old.native, &tree.native);
    tree.text = "dup " + old.text;
    break;
  default:
    tree = array_tree(old, kind == 10);
  }
  // Open MPI refuses arrays of empty types.
  if (tree.native == MPI_Datatype{} || tree.native == MPI_DATATYPE_NULL) {
    api::Type_free(&tree.ours);
    tree = random_tree(0);
  }
  free_tree(old);
  return tree;
}

// ---------------------------------------------------------------------------------
// Comparing

struct Facts {
  std::int64_t size, lb, extent, true_lb, true_extent;
  bool operator==(const Facts &) const = default;
};

Facts facts_of(MPI_Datatype type) {
  int size;
  MPI_Aint lb, extent, true_lb, true_extent;
  MPI_Type_size(type, &size);
  MPI_Type_get_extent(type, &lb, &extent);
  MPI_Type_get_true_extent(type, &true_lb, &true_extent);
  return {size, lb, extent, true_lb, true_extent};
}
Facts facts_of(const Datatype *t) { return {t->size, t->lb, t->extent, t->true_lb, t->true_extent}; }

void print(const char *who, const Facts &f) {
  std::printf("  %-10s size %ld lb %ld extent %ld true %ld %ld\n", who, f.size, f.lb, f.extent, f.true_lb,
              f.true_extent);
}

constexpr std::int64_t kMiddle = 1 << 20;

std::vector<unsigned char> packed_natively(const unsigned char *user, int count, MPI_Datatype type,
                                           std::int64_t bytes) {
  std::vector<unsigned char> packed(static_cast<std::size_t>(bytes) + 64);
  int position = 0;
  MPI_Pack(user, count, type, packed.data(), int(packed.size()), &position, MPI_COMM_SELF);
  packed.resize(static_cast<std::size_t>(position));
  return packed;
}

bool same_bytes(Tree &tree) {
#if !defined(OPEN_MPI)
  // MPICH moves long doubles through the FPU: their padding and what is no valid number change.
  if (tree.text.find("LONG_DOUBLE") != std::string::npos)
    return true;
#endif
  constexpr int kCount = 3;
  static std::vector<unsigned char> memory = [] {
    std::vector<unsigned char> m(2 * kMiddle);
    for (std::size_t i = 0; i < m.size(); ++i)
      m[i] = static_cast<unsigned char>(i * 2654435761u >> 13);
    return m;
  }();
  const unsigned char *user = memory.data() + kMiddle;
  std::vector<unsigned char> ours;
  ours.reserve(64);
  ours.resize(static_cast<std::size_t>(tree.ours->size * kCount));
  pack_bytes(user, kCount, tree.ours, ours.data());
  if (packed_natively(user, kCount, unwrap(native_of(tree.ours)), tree.ours->size * kCount) != ours)
    return false;

  // Unpacked into a fresh buffer, our way and the MPI's, it must look the same.
  std::vector<unsigned char> a(memory.size()), b(memory.size());
  unpack_bytes(ours.data(), static_cast<std::int64_t>(ours.size()), a.data() + kMiddle, kCount, tree.ours);
  int position = 0;
  MPI_Unpack(ours.data(), int(ours.size()), &position, b.data() + kMiddle, kCount, unwrap(native_of(tree.ours)),
             MPI_COMM_SELF);
  return a == b;
}

bool fits(const Datatype *t) {
  const std::int64_t reach = kMiddle / 4;
  return t->size > 0 && t->size < 100'000 && std::labs(t->true_lb) < reach && t->true_extent < reach &&
         std::labs(t->extent) < reach && std::labs(t->lb) < reach;
}

int compare_trees(int trees, int seed) {
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  start_core();
  set_errhandler(&world->errhandler, predefined<Errhandler>(abi::ERRORS_RETURN));
  connect();
#if defined(OPEN_MPI)
  test_front.front = 1;
#else
  test_front.front = 2;
#endif
  int compared = 0, wrong = 0;
  for (int i = 0; i < trees; ++i) {
    random_bits.seed(seed * 1'000'003u + i);
    Tree tree = random_tree(pick(1, 4));
    if (fits(tree.ours)) {
      ++compared;
      if (!is_named(tree.ours)) api::Type_commit(&tree.ours);
      const Facts ours = facts_of(tree.ours), native = facts_of(tree.native);
      const Facts rebuilt = facts_of(unwrap(native_of(tree.ours)));
      const bool bytes = same_bytes(tree);
      const bool comparable = kLeast == 0 || tree.text.find("darray") == std::string::npos;
      if ((comparable && !(ours == native)) || !(ours == rebuilt) || !bytes) {
        ++wrong;
        std::printf("tree %d: %s\n", i, tree.text.c_str());
        print("ours", ours);
        print("MPI", native);
        print("rebuilt", rebuilt);
        if (!bytes)
          std::printf("  packed bytes differ\n");
      }
    }
    free_tree(tree);
  }
  std::printf("%d trees compared, %d differ\n", compared, wrong);
  return wrong;
}

} // namespace

} // namespace mana

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const int wrong = mana::compare_trees(argc > 1 ? std::atoi(argv[1]) : 1000, argc > 2 ? std::atoi(argv[2]) : 1);
  MPI_Finalize();
  return wrong != 0;
}
