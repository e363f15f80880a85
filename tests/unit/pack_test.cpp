// Packing, unpacking, and the counts of a status. Random trees are compared with real MPIs by datatype_oracle.cpp.
#include "core/pack.h"

#include <numeric>
#include <vector>

#include "core_api.h"
#include "core_fixture.h"

namespace mana {

namespace {

class Pack : public CoreTest {
protected:
  static Datatype *basic(int abi) { return predefined<Datatype>(abi); }
  static int count(std::int64_t bytes, Datatype *type) {
    Status status{};
    status.bytes = bytes;
    int n = -1;
    EXPECT_EQ(api::Get_count(&status, type, &n), 0);
    return n;
  }
  static int elements(std::int64_t bytes, Datatype *type) {
    Status status{};
    status.bytes = bytes;
    int n = -1;
    EXPECT_EQ(api::Get_elements(&status, type, &n), 0);
    return n;
  }
};

using Ints = std::vector<int>;

TEST_F(Pack, AColumnOfAMatrix) {
  Datatype *column;
  api::Type_vector(3, 1, 4, basic(abi::INT), &column);
  Ints matrix(12), packed(3), back(12, -1);
  std::iota(matrix.begin(), matrix.end(), 0);
  pack_bytes(matrix.data() + 1, 1, column, packed.data());
  EXPECT_EQ(packed, (Ints{1, 5, 9}));
  unpack_bytes(packed.data(), 12, back.data() + 1, 1, column);
  EXPECT_EQ(back, (Ints{-1, 1, -1, -1, -1, 5, -1, -1, -1, 9, -1, -1}));
}

TEST_F(Pack, AShortMessageLeavesTheRestAlone) {
  Datatype *column;
  api::Type_vector(3, 1, 2, basic(abi::INT), &column);
  const int packed[] = {7, 8};
  Ints back(6, -1);
  unpack_bytes(packed, 6, back.data(), 1, column); // one and a half integers
  EXPECT_EQ(back[0], 7);
  EXPECT_EQ(back[2] & 0xffff, 8);
  EXPECT_EQ(back[2] >> 16, -1);
  EXPECT_EQ(back[4], -1);
}

TEST_F(Pack, AbsoluteAddressesFromBottom) {
  int x = 5;
  double y = 2.5;
  std::int64_t at[2];
  api::Get_address(&x, &at[0]);
  api::Get_address(&y, &at[1]);
  const int lengths[] = {1, 1};
  Datatype *const types[] = {basic(abi::INT), basic(abi::DOUBLE)};
  Datatype *type;
  ASSERT_EQ(api::Type_create_struct(2, lengths, at, types, &type), 0);
  ASSERT_EQ(api::Type_commit(&type), 0);
  char packed[12];
  int position = 0;
  ASSERT_EQ(api::Pack(nullptr, 1, type, packed, 12, &position, world), 0);
  EXPECT_EQ(position, 12);
  x = 0;
  y = 0;
  position = 0;
  ASSERT_EQ(api::Unpack(packed, 12, &position, nullptr, 1, type, world), 0);
  EXPECT_EQ(x, 5);
  EXPECT_EQ(y, 2.5);
}

TEST_F(Pack, RefusesWhatDoesNotFitAndWhatIsNotCommitted) {
  int value = 1, position = 2;
  char packed[4];
  EXPECT_EQ(api::Pack(&value, 1, basic(abi::INT), packed, 4, &position, world), abi::ERR_TRUNCATE);
  EXPECT_EQ(position, 2);
  Datatype *type;
  api::Type_contiguous(1, basic(abi::INT), &type);
  position = 0;
  EXPECT_EQ(api::Pack(&value, 1, type, packed, 4, &position, world), abi::ERR_TYPE);
}

TEST_F(Pack, CountsOfPartialMessages) {
  Datatype *pair; // { int, double } with a hole
  const int lengths[] = {1, 1};
  const std::int64_t at[] = {0, 8};
  Datatype *const types[] = {basic(abi::INT), basic(abi::DOUBLE)};
  api::Type_create_struct(2, lengths, at, types, &pair);
  EXPECT_EQ(count(24, pair), 2);
  EXPECT_EQ(elements(24, pair), 4);
  EXPECT_EQ(count(16, pair), abi::UNDEFINED);
  EXPECT_EQ(elements(16, pair), 3);
  EXPECT_EQ(elements(18, pair), abi::UNDEFINED) << "ends within a double";
  EXPECT_EQ(elements(6, basic(abi::SHORT_INT)), 2) << "pair types have two elements";
  Datatype *empty;
  api::Type_contiguous(0, basic(abi::INT), &empty);
  EXPECT_EQ(count(0, empty), 0);
}

TEST_F(Pack, StatusSetElementsIsTheInverse) {
  Datatype *pair;
  const int lengths[] = {1, 1};
  const std::int64_t at[] = {0, 8};
  Datatype *const types[] = {basic(abi::INT), basic(abi::DOUBLE)};
  api::Type_create_struct(2, lengths, at, types, &pair);
  for (int n = 0; n < 9; ++n) {
    Status status{};
    int back = -1;
    ASSERT_EQ(api::Status_set_elements(&status, pair, n), 0);
    ASSERT_EQ(api::Get_elements(&status, pair, &back), 0);
    EXPECT_EQ(back, n);
  }
}

TEST_F(Pack, External32IsBigEndianWithTheStandardsSizes) {
  const long numbers[] = {-2, 0x01020304};
  unsigned char packed[8];
  std::int64_t size = 0, position = 0;
  ASSERT_EQ(api::Pack_external_size("external32", 2, basic(abi::LONG), &size), 0);
  EXPECT_EQ(size, 8);
  ASSERT_EQ(api::Pack_external("external32", numbers, 2, basic(abi::LONG), packed, 8, &position), 0);
  const unsigned char expected[] = {0xff, 0xff, 0xff, 0xfe, 1, 2, 3, 4};
  EXPECT_TRUE(std::equal(packed, packed + 8, expected));
  long back[2];
  position = 0;
  ASSERT_EQ(api::Unpack_external("external32", packed, 8, &position, back, 2, basic(abi::LONG)), 0);
  EXPECT_EQ(back[0], -2);
  EXPECT_EQ(back[1], 0x01020304);
  EXPECT_EQ(api::Pack_external_size("native", 1, basic(abi::INT), &size), abi::ERR_UNSUPPORTED_DATAREP);
}

TEST_F(Pack, External32LongDoubleIsAnIeeeQuad) {
  const long double number = 1.5L;
  unsigned char packed[16];
  std::int64_t position = 0;
  ASSERT_EQ(api::Pack_external("external32", &number, 1, basic(abi::LONG_DOUBLE), packed, 16, &position), 0);
  EXPECT_EQ(packed[0], 0x3f);
  EXPECT_EQ(packed[1], 0xff);
  EXPECT_EQ(packed[2], 0x80);
  long double back = 0;
  position = 0;
  ASSERT_EQ(api::Unpack_external("external32", packed, 16, &position, &back, 1, basic(abi::LONG_DOUBLE)), 0);
  EXPECT_EQ(back, number);
}

} // namespace

} // namespace mana
