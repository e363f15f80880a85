// Constructors, bounds, contents, references of datatypes; natives against a live MPI that only counts.
#include "core/datatypes.h"

#include <vector>

#include "core_api.h"
#include "core_fixture.h"

namespace mana {

namespace {

class Types : public CoreTest {
protected:
  static Datatype *basic(int abi) { return predefined<Datatype>(abi); }
};

TEST_F(Types, AStructIsPaddedToItsWidestMember) {
  Datatype *type;
  const int lengths[] = {1, 1};
  const std::int64_t at[] = {0, 8};
  Datatype *const types[] = {basic(abi::DOUBLE), basic(abi::CHAR)};
  ASSERT_EQ(api::Type_create_struct(2, lengths, at, types, &type), 0);
  EXPECT_EQ(type->size, 9);
  EXPECT_EQ(type->extent, 16);
  EXPECT_EQ(type->true_extent, 9);
  EXPECT_FALSE(type->contiguous);
}

TEST_F(Types, MarkersOfTheRemovedFunctionsBound) {
  Datatype *type;
  const int lengths[] = {1, 1, 1};
  const std::int64_t at[] = {-8, 0, 20};
  Datatype *const types[] = {basic(kAbiLb), basic(abi::INT), basic(kAbiUb)};
  ASSERT_EQ(api::Type_create_struct(3, lengths, at, types, &type), 0);
  EXPECT_EQ(type->lb, -8);
  EXPECT_EQ(type->extent, 28);
  EXPECT_EQ(type->size, 4);
}

TEST_F(Types, ContiguousIsRecognised) {
  Datatype *ints, *vector, *hole;
  api::Type_contiguous(4, basic(abi::INT), &ints);
  EXPECT_TRUE(ints->contiguous);
  api::Type_vector(3, 2, 2, ints, &vector);
  EXPECT_TRUE(vector->contiguous);
  api::Type_vector(3, 2, 3, ints, &hole);
  EXPECT_FALSE(hole->contiguous);
}

TEST_F(Types, ContentsAreTheArgumentsAndTheirTypesAreReferences) {
  Datatype *inner, *outer, *again;
  api::Type_contiguous(2, basic(abi::INT), &inner);
  const int lengths[] = {3, 1}, at[] = {5, 9};
  api::Type_indexed(2, lengths, at, inner, &outer);
  int ni, na, nd, combiner, integers[5];
  api::Type_get_envelope(outer, &ni, &na, &nd, &combiner);
  EXPECT_EQ(combiner, abi::COMBINER_INDEXED);
  ASSERT_EQ(ni, 5);
  EXPECT_EQ(na, 0);
  EXPECT_EQ(nd, 1);
  EXPECT_EQ(api::Type_get_contents(outer, 4, 0, 1, integers, nullptr, &again), abi::ERR_ARG);
  ASSERT_EQ(api::Type_get_contents(outer, 5, 0, 1, integers, nullptr, &again), 0);
  EXPECT_EQ(std::vector<int>(integers, integers + 5), (std::vector<int>{2, 3, 1, 5, 9}));
  EXPECT_EQ(again, inner);
  EXPECT_EQ(inner->refs, 3u);
  api::Type_free(&again);
  api::Type_free(&inner);
  EXPECT_EQ(inner, basic(abi::DATATYPE_NULL));
  EXPECT_EQ(outer->types[0]->size, 8) << "a part outlives its handle";
  EXPECT_EQ(api::Type_get_contents(basic(abi::INT), 0, 0, 0, nullptr, nullptr, nullptr), abi::ERR_TYPE);
}

TEST_F(Types, PredefinedAndNullTypesCannotBeFreed) {
  Datatype *type = basic(abi::INT);
  EXPECT_EQ(api::Type_free(&type), abi::ERR_TYPE);
  type = basic(abi::DATATYPE_NULL);
  EXPECT_EQ(api::Type_free(&type), abi::ERR_TYPE);
}

TEST_F(Types, Fortran90TypesAreTheSameHandleForTheSameArguments) {
  Datatype *a, *b, *c;
  ASSERT_EQ(api::Type_create_f90_real(10, abi::UNDEFINED, &a), 0);
  ASSERT_EQ(api::Type_create_f90_real(10, abi::UNDEFINED, &b), 0);
  ASSERT_EQ(api::Type_create_f90_integer(9, &c), 0);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a->size, 8);
  EXPECT_EQ(c->size, 4);
  EXPECT_TRUE(a->committed);
  EXPECT_EQ(api::Type_free(&a), abi::ERR_TYPE);
  EXPECT_EQ(api::Type_create_f90_real(40, 1, &a), abi::ERR_ARG);
}

TEST_F(Types, MatchSize) {
  Datatype *type;
  ASSERT_EQ(api::Type_match_size(abi::TYPECLASS_COMPLEX, 16, &type), 0);
  EXPECT_EQ(type, basic(abi::COMPLEX16));
  EXPECT_EQ(api::Type_match_size(abi::TYPECLASS_REAL, 3, &type), abi::ERR_ARG);
}

TEST_F(Types, ArraysRefuseBadArguments) {
  Datatype *type;
  const int sizes[] = {4}, too_many[] = {5}, starts[] = {0}, late[] = {2}, three[] = {3};
  EXPECT_EQ(api::Type_create_subarray(1, sizes, too_many, starts, abi::ORDER_C, basic(abi::INT), &type),
            abi::ERR_ARG);
  EXPECT_EQ(api::Type_create_subarray(1, sizes, three, late, abi::ORDER_C, basic(abi::INT), &type), abi::ERR_ARG);
  EXPECT_EQ(api::Type_create_subarray(1, sizes, three, starts, 0, basic(abi::INT), &type), abi::ERR_ARG);
}

// A live MPI whose types are numbers.
struct FakeMpi {
  int made = 0, freed = 0, committed = 0;
  std::int64_t extent = 0;
} fake;

TEST_F(Types, NativesAreMadeOnceForgottenAndFreed) {
  test_mpi.predefined = [](int abi) { return static_cast<std::uint64_t>(abi); };
  test_mpi.Type_contiguous = [](int n, NativeDatatype, NativeDatatype *out) {
    fake.extent = n * 4;
    *out = static_cast<NativeDatatype>(10'000 + ++fake.made);
    return 0;
  };
  test_mpi.Type_get_extent = [](NativeDatatype, std::int64_t *lb, std::int64_t *extent) {
    *lb = 0;
    *extent = fake.extent;
    return 0;
  };
  test_mpi.Type_commit = [](NativeDatatype *) { return ++fake.committed, 0; };
  test_mpi.Type_free = [](NativeDatatype *) { return ++fake.freed, 0; };

  Datatype *type, *copy;
  api::Type_contiguous(3, basic(abi::INT), &type);
  EXPECT_EQ(native_of(type), native_of(basic(abi::DATATYPE_NULL))) << "not committed";
  api::Type_commit(&type);
  api::Type_dup(type, &copy);
  EXPECT_EQ(native_of(type), native_of(type));
  EXPECT_EQ(native_of(copy), native_of(type)) << "a duplicate has no native of its own";
  EXPECT_EQ(fake.made, 1);
  EXPECT_EQ(fake.committed, 1);
  EXPECT_EQ(native_of(basic(abi::INT)), static_cast<NativeDatatype>(abi::INT));

  forget_native_types(); // a restart
  native_of(copy);
  EXPECT_EQ(fake.made, 2);
  api::Type_free(&type);
  EXPECT_EQ(fake.freed, 0);
  api::Type_free(&copy);
  EXPECT_EQ(fake.freed, 1);
  EXPECT_EQ(native_of(basic(abi::DATATYPE_NULL)), static_cast<NativeDatatype>(abi::DATATYPE_NULL));
}

} // namespace

} // namespace mana
