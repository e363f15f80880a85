// See at_exit.h.
#include "backends/at_exit.h"

#include <dlfcn.h>
#include <mpi.h>

namespace {

struct ExitFunction {
  void (*function)(void *);
  void *argument;
};
constexpr int kMost = 16;
ExitFunction kept[kMost];
int kept_count;

} // namespace

#if MPICH_NUMVERSION >= 40200000
namespace {

const void *library_of(const void *address) {
  Dl_info info;
  return dladdr(address, &info) ? info.dli_fbase : nullptr;
}

bool is_of_mpi(void (*function)(void *)) {
  const void *init = dlsym(RTLD_DEFAULT, "PMPI_Init");
  return init && library_of(reinterpret_cast<const void *>(function)) == library_of(init);
}

} // namespace

// For all libraries of this process: what atexit() and destructors of static objects come to.
extern "C" int __cxa_atexit(void (*function)(void *), void *argument, void *library) {
  static const auto real = reinterpret_cast<decltype(&__cxa_atexit)>(dlsym(RTLD_NEXT, "__cxa_atexit"));
  if (kept_count == kMost || !is_of_mpi(function))
    return real(function, argument, library);
  kept[kept_count++] = {function, argument};
  return 0;
}
#endif

void mana::run_exit_functions_of_mpi() {
  while (kept_count > 0) {
    const ExitFunction last = kept[--kept_count];
    last.function(last.argument);
  }
}
