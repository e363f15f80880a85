// See vdso.h.
#include "vdso.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <cstring>

#include "code_page.h"
#include "report.h"
#include "vdso_calls.h"

extern "C" const char mana_vdso_image[], mana_vdso_image_end[]; // arch/x86_64/vdso_embed.S

namespace mana {

void vdso_create() {
  const std::size_t bytes = static_cast<std::size_t>(mana_vdso_image_end - mana_vdso_image);
  void *at = reinterpret_cast<void *>(kVdsoAddress);
  if (bytes > kSavedAddress - kVdsoAddress)
    refuse(125, "the vDSO image is too large");
  if (mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at)
    refuse_errno(78, "cannot map the vDSO image");
  std::memcpy(at, mana_vdso_image, bytes);
  if (mprotect(at, bytes, PROT_READ | PROT_EXEC) != 0)
    refuse_errno(78, "cannot make the vDSO image executable");
}

// glibc lists the kernel's vDSO as a loaded object of this name, so dlsym reads it. Its functions use no TLS.
void vdso_fill_slots() {
  void *real = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
  auto find = [real](const char *name, void *otherwise) {
    void *found = real ? dlsym(real, name) : nullptr;
    return found ? found : otherwise;
  };
  CodeSlots *slots = code_slots();
  slots->vdso_clock_gettime = find("__vdso_clock_gettime", reinterpret_cast<void *>(call_clock_gettime));
  slots->vdso_gettimeofday = find("__vdso_gettimeofday", reinterpret_cast<void *>(call_gettimeofday));
  slots->vdso_time = find("__vdso_time", reinterpret_cast<void *>(call_time));
  slots->vdso_clock_getres = find("__vdso_clock_getres", reinterpret_cast<void *>(call_clock_getres));
  // The vDSO leaves the processor clocks of threads to the kernel, which does not know them by their old numbers.
  if (seam()->restarts != 0) {
    set_live_clock_gettime(slots->vdso_clock_gettime);
    slots->vdso_clock_gettime = reinterpret_cast<void *>(clock_gettime_after_restart);
    slots->vdso_clock_getres = reinterpret_cast<void *>(call_clock_getres);
  }
  slots->vdso_getcpu = find("__vdso_getcpu", reinterpret_cast<void *>(call_getcpu));
}

} // namespace mana
