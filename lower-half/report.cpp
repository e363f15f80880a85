// See report.h. One write() per sentence, so that lines of several ranks do not mix.
#include "report.h"

#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mana {

namespace {

[[noreturn]] void say_and_exit(int code, const char *reason, const char *format, va_list arguments) {
  char sentence[4096], line[4400];
  std::vsnprintf(sentence, sizeof sentence, format, arguments);
  const int length = std::snprintf(line, sizeof line, reason ? "mana: %s: %s\n" : "mana: %s\n", sentence, reason);
  if (write(STDERR_FILENO, line, static_cast<std::size_t>(length)) < 0)
    std::exit(code);
  std::exit(code);
}

} // namespace

void refuse(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say_and_exit(code, nullptr, format, arguments);
}

void refuse_errno(int code, const char *format, ...) {
  const char *reason = std::strerror(errno);
  va_list arguments;
  va_start(arguments, format);
  say_and_exit(code, reason, format, arguments);
}

} // namespace mana
