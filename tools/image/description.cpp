// Facts about this machine that a Description holds, and text that came from a file.
#include <cstdio>

#include "tools/image/image.h"

namespace mana::image {

// What glibc and compilers select code by. Kernel-only flags of /proc/cpuinfo differ between machines that
// run the same programs, so they are not asked for.
std::vector<std::string> cpu_features() {
  std::vector<std::string> found;
  __builtin_cpu_init();
#define MANA_FEATURE(name)                                                                                           \
  if (__builtin_cpu_supports(name)) found.emplace_back(name);
  MANA_FEATURE("sse3")
  MANA_FEATURE("ssse3")
  MANA_FEATURE("sse4.1")
  MANA_FEATURE("sse4.2")
  MANA_FEATURE("popcnt")
  MANA_FEATURE("aes")
  MANA_FEATURE("pclmul")
  MANA_FEATURE("avx")
  MANA_FEATURE("avx2")
  MANA_FEATURE("fma")
  MANA_FEATURE("fma4")
  MANA_FEATURE("bmi")
  MANA_FEATURE("bmi2")
  MANA_FEATURE("gfni")
  MANA_FEATURE("vpclmulqdq")
  MANA_FEATURE("avx512f")
  MANA_FEATURE("avx512vl")
  MANA_FEATURE("avx512bw")
  MANA_FEATURE("avx512dq")
  MANA_FEATURE("avx512cd")
  MANA_FEATURE("avx512ifma")
  MANA_FEATURE("avx512vbmi")
  MANA_FEATURE("avx512vbmi2")
  MANA_FEATURE("avx512vnni")
  MANA_FEATURE("avx512bitalg")
  MANA_FEATURE("avx512vpopcntdq")
#undef MANA_FEATURE
  return found;
}

std::string printable(const std::string &text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c < 127 && c != '\\') {
      out += c;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
    out += escaped;
  }
  if (out.size() > 300) out = out.substr(0, 300) + "...";
  return out;
}

}  // namespace mana::image
