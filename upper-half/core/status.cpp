// Questions about a Status. It holds bytes (native.h); how many items or elements those are is computed from our own
// record of the type: the live MPIs disagree about partial elements and pair types.
#include <climits>

#include "core/call.h"
#include "core/datatype_walk.h"
#include "core/errors.h"
#include "core/pack.h"
#include "core_api.h"

namespace mana {

namespace {

std::int64_t items_in(std::int64_t bytes, const Datatype *type) {
  if (type->size == 0)
    return bytes == 0 ? 0 : abi::UNDEFINED;
  return bytes % type->size == 0 ? bytes / type->size : abi::UNDEFINED;
}

std::int64_t elements_or_undefined(std::int64_t bytes, const Datatype *type) {
  const std::int64_t n = elements_in(bytes, type);
  return n < 0 ? abi::UNDEFINED : n;
}

int narrowed(std::int64_t n) { return n > INT_MAX ? abi::UNDEFINED : static_cast<int>(n); }

// Bytes of the first `count` basic elements of a message of this type.
std::int64_t bytes_of_elements(std::int64_t count, const Datatype *type) {
  if (type->elements == 0)
    return 0;
  std::int64_t bytes = count / type->elements * type->size;
  std::int64_t left = count % type->elements;
  auto run = [&](std::int64_t, const Datatype *basic, std::int64_t n) {
    const std::int64_t taken = n < left ? n : left;
    bytes += taken * basic->size;
    left -= taken;
    return left > 0;
  };
  if (left > 0)
    visit_elements(type, 0, 1, run);
  return bytes;
}

int set_elements(Status *status, const Datatype *type, std::int64_t count) {
  if (is_null(type))
    return raise(abi::ERR_TYPE);
  if (count < 0)
    return raise(abi::ERR_COUNT);
  status->bytes = bytes_of_elements(count, type);
  return 0;
}

} // namespace

namespace api {

int Get_count(const Status *status, Datatype *datatype, int *count) {
  Call call(Fn::Get_count);
  if (is_null(datatype))
    return raise(abi::ERR_TYPE);
  *count = narrowed(items_in(status->bytes, datatype));
  return 0;
}

int Get_count_c(const Status *status, Datatype *datatype, std::int64_t *count) {
  Call call(Fn::Get_count_c);
  if (is_null(datatype))
    return raise(abi::ERR_TYPE);
  *count = items_in(status->bytes, datatype);
  return 0;
}

int Get_elements(const Status *status, Datatype *datatype, int *count) {
  Call call(Fn::Get_elements);
  if (is_null(datatype))
    return raise(abi::ERR_TYPE);
  *count = narrowed(elements_or_undefined(status->bytes, datatype));
  return 0;
}

int Get_elements_x(const Status *status, Datatype *datatype, std::int64_t *count) {
  Call call(Fn::Get_elements_x);
  if (is_null(datatype))
    return raise(abi::ERR_TYPE);
  *count = elements_or_undefined(status->bytes, datatype);
  return 0;
}

int Status_set_elements(Status *status, Datatype *datatype, int count) {
  Call call(Fn::Status_set_elements);
  return set_elements(status, datatype, count);
}

int Status_set_elements_x(Status *status, Datatype *datatype, std::int64_t count) {
  Call call(Fn::Status_set_elements_x);
  return set_elements(status, datatype, count);
}

int Status_set_cancelled(Status *status, int flag) {
  Call call(Fn::Status_set_cancelled);
  status->cancelled = flag != 0;
  return 0;
}

int Test_cancelled(const Status *status, int *flag) {
  Call call(Fn::Test_cancelled);
  *flag = status->cancelled != 0;
  return 0;
}

} // namespace api

} // namespace mana
