// MPI_Dims_create: the most balanced grid.
//
// Among all ways to write the number as a product, take one whose largest and smallest factor differ least, and among those
// the one whose smallest factor is largest, then its second smallest, and so on: 72 in three dimensions is 6 x 4 x 3,
// not 8 x 3 x 3, and 7488 is 26 x 18 x 16, not 24 x 24 x 13. This is what MPICH gives. A greedy distribution of prime
// factors, as older MPIs do it, misses the best grid for many numbers.
//
// The search goes through the products by their smallest factor, then their second smallest, from the largest downward. So
// the first of those that are equally good is the answer, and after a good one little is left that could be better.
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

// base to the power of n, or something above `limit`.
std::int64_t power_up_to(std::int64_t base, int n, std::int64_t limit) {
  std::int64_t power = 1;
  for (int i = 0; i < n && power <= limit; ++i)
    power *= base;
  return power;
}

constexpr int kMaxFree = 64; // 2^31 has 31 factors; the rest are ones

class Search {
public:
  Search(int number, int n) : divisors_(number), n_(n), least_(number) { extend(number, 0); }
  // In non-increasing order.
  int factor(int i) const { return best_[n_ - 1 - i]; }

private:
  // Chooses the factors from the i-th smallest on: their product is `rest`.
  void extend(int rest, int i) {
    const int smallest = i ? factors_[0] : 1, before = i ? factors_[i - 1] : 1;
    if (i == n_ - 1) {
      const int difference = i ? rest - smallest : 0;
      if (difference >= least_ && found_)
        return;
      factors_[i] = rest;
      for (int k = 0; k < n_; ++k)
        best_[k] = factors_[k];
      least_ = difference;
      found_ = true;
      return;
    }
    for (int k = divisors_.n - 1; k >= 0 && divisors_.of[k] >= before; --k) {
      const int d = divisors_.of[k];
      if (rest % d != 0 || power_up_to(d, n_ - i, rest) > rest)
        continue;
      // The largest of the factors that follow is at least their mean: is that near enough to the smallest?
      const std::int64_t largest = std::int64_t{i ? smallest : d} + least_ - 1;
      if (found_ && power_up_to(largest, n_ - i - 1, rest / d) < rest / d)
        return;
      factors_[i] = d;
      extend(rest / d, i + 1);
    }
  }

  Divisors divisors_;
  int n_, least_;
  bool found_ = false;
  int factors_[kMaxFree], best_[kMaxFree];
};

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

  const int n = free_dims < kMaxFree ? free_dims : kMaxFree;
  const int number = nnodes / static_cast<int>(fixed);
  const Search search(number, n);
  for (int i = 0, used = 0; i < ndims; ++i)
    if (dims[i] == 0) {
      dims[i] = used < n ? search.factor(used) : 1;
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
