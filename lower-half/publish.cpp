// See publish.h. PR_SET_MM_MAP replaces all of the kernel's marks at once, so those that stay are read back from
// /proc/self/stat first; exe_fd = -1 leaves /proc/PID/exe, and only then no privilege is asked for.
#include "publish.h"

#include <linux/prctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "saved.h"

namespace mana {

namespace {

// Fields of /proc/self/stat by their number in proc(5).
bool read_stat(unsigned long long (&field)[53]) {
  char text[4096] = {};
  std::FILE *file = std::fopen("/proc/self/stat", "re");
  if (!file)
    return false;
  const std::size_t got = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[got] = '\0';
  char *rest = std::strrchr(text, ')'); // the name may hold anything
  int number = 2;
  for (char *word = rest ? std::strtok(rest + 1, " ") : nullptr; word && number < 52;
       word = std::strtok(nullptr, " "))
    std::sscanf(word, "%llu", &field[++number]);
  return number >= 51;
}

std::uint64_t end_of_string(std::uint64_t text) { return text + std::strlen(reinterpret_cast<char *>(text)) + 1; }

} // namespace

void publish_application() {
  const SavedProcess *process = saved();
  const char *name = std::strrchr(process->exe, '/');
  prctl(PR_SET_NAME, name ? name + 1 : process->exe, 0, 0, 0);

  unsigned long long field[53] = {};
  if (!read_stat(field))
    return;
  const auto *argv = reinterpret_cast<const std::uint64_t *>(process->argv);
  const auto *envp = reinterpret_cast<const std::uint64_t *>(process->envp);

  prctl_mm_map map = {};
  map.start_code = field[26];
  map.end_code = field[27];
  map.start_stack = field[28];
  map.start_data = field[45];
  map.end_data = field[46];
  map.start_brk = field[47];
  map.brk = reinterpret_cast<std::uint64_t>(sbrk(0)); // the lower half's heap, which has to stay as it is
  map.arg_start = argv[0];
  map.arg_end = end_of_string(argv[process->argc - 1]);
  map.env_start = map.env_end = map.arg_end;
  for (; *envp; ++envp) {
    const std::uint64_t end = end_of_string(*envp);
    if (*envp >= map.arg_end && end > map.env_end)
      map.env_end = end;
  }
  map.auxv = reinterpret_cast<__u64 *>(process->auxv);
  map.auxv_size = static_cast<__u32>(process->auxv_bytes);
  map.exe_fd = static_cast<__u32>(-1);
  prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}

} // namespace mana
