// MPI_Dims_create: the most balanced grid.
//
// Among all ways to write the number as a product in non-increasing order, take the one whose largest factor is
// smallest, among those the one whose second is smallest, and so on: 72 in three dimensions is 6 x 4 x 3, not 8 x 3
// x 3. A greedy distribution of prime factors, as older MPIs do it, misses the best grid for many numbers. The search
// tries divisors from the root of the number upward; the first that leaves a solvable rest is the answer.
#include <cstdint>

#include "core/call.h"
#include "core/errors.h"
#include "core/topology.h"
#include "core_api.h"

namespace mana {

namespace {

constexpr int kMaxDivisors = 1600; // no number of 31 bits has more than 1536

struct Divisors {
  int n = 0;
  int of[kMaxDivisors]; // ascending

  explicit Divisors(int number) {
    int large[kMaxDivisors / 2], larger = 0;
    for (int d = 1; std::int64_t{d} * d <= number; ++d) {
      if (number % d != 0)
        continue;
      of[n++] = d;
      if (number / d != d)
        large[larger++] = number / d;
    }
    while (larger)
      of[n++] = large[--larger];
  }
};

bool power_reaches(int base, int n, int number) {
  std::int64_t power = 1;
  for (int i = 0; i < n && power < number; ++i)
    power *= base;
  return power >= number;
}

// Writes `number` as a product of n factors in non-increasing order, each at most `limit`.
bool factor(const Divisors &divisors, int number, int n, int limit, int *factors) {
  if (n == 1) {
    factors[0] = number;
    return number <= limit;
  }
  for (int i = 0; i < divisors.n && divisors.of[i] <= limit && divisors.of[i] <= number; ++i) {
    const int d = divisors.of[i];
    if (number % d != 0 || !power_reaches(d, n, number))
      continue;
    factors[0] = d;
    if (factor(divisors, number / d, n - 1, d, factors + 1))
      return true;
  }
  return false;
}

constexpr int kMaxFree = 64; // 2^31 has 31 factors; the rest are ones

} // namespace

int balance_dims(int nnodes, int ndims, int *dims) {
  if (nnodes <= 0 || ndims < 0)
    return abi::ERR_ARG;
  std::int64_t fixed = 1;
  int free_dims = 0;
  for (int i = 0; i < ndims; ++i) {
    if (dims[i] < 0)
      return abi::ERR_DIMS;
    if (dims[i] == 0)
      ++free_dims;
    else if ((fixed *= dims[i]) > nnodes)
      return abi::ERR_DIMS;
  }
  if (ndims == 0)
    return 0;
  if (nnodes % fixed != 0 || (free_dims == 0 && fixed != nnodes))
    return abi::ERR_DIMS;
  if (free_dims == 0)
    return 0;

  int factors[kMaxFree];
  const int n = free_dims < kMaxFree ? free_dims : kMaxFree;
  const int number = nnodes / static_cast<int>(fixed);
  factor(Divisors(number), number, n, number, factors);
  for (int i = 0, used = 0; i < ndims; ++i)
    if (dims[i] == 0) {
      dims[i] = used < n ? factors[used] : 1;
      ++used;
    }
  return 0;
}

namespace api {

int Dims_create(int nnodes, int ndims, int *dims) {
  Call call(Fn::Dims_create);
  const int error = balance_dims(nnodes, ndims, dims);
  return error ? raise(error) : 0;
}

} // namespace api

} // namespace mana
