// A sentence put together on the stack: the core has no printf.
#pragma once
#include <cstdint>
#include <cstring>

namespace mana {

// Cut when it is longer than fits.
class Text {
public:
  Text &operator<<(const char *part) {
    const std::size_t room = sizeof(text_) - 1 - used_, n = std::strlen(part);
    std::memcpy(text_ + used_, part, n < room ? n : room);
    used_ += n < room ? n : room;
    text_[used_] = '\0';
    return *this;
  }
  Text &operator<<(std::int64_t number) {
    char digits[24], *at = digits + sizeof digits;
    const bool negative = number < 0;
    auto left = negative ? -static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    *--at = '\0';
    do *--at = static_cast<char>('0' + left % 10);
    while (left /= 10);
    if (negative) *--at = '-';
    return *this << at;
  }
  const char *c_str() const { return text_; }

private:
  char text_[1024] = "";
  std::size_t used_ = 0;
};

}  // namespace mana
