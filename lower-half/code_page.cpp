// Puts the code page in its place: the linker collects section "mana_code" between __start_mana_code and
// __stop_mana_code, its bytes are copied behind the CodeHeader, and the header gets the entry points at their new
// address. See code_page.h for why it is a copy.
#include "code_page.h"

#include <sys/mman.h>

#include <cstring>

#include "report.h"
#include "window.h"

extern "C" {
extern const char __start_mana_code[], __stop_mana_code[];
extern const char mana_code_syscall_entry[], mana_code_any_entry[], mana_code_leave[], mana_code_raw_done[]; // arch/x86_64/intercept.S
extern const char mana_code_signal_entry[], mana_code_stop_entry[], mana_code_restorer[]; // signal.S
extern const char mana_code_park[], mana_code_resume[];                                   // park.S
}

namespace mana {

namespace {

constexpr std::size_t kCodeBytes = kVdsoAddress - kCodeAddress;
constexpr std::size_t kSeamBytes = kCodeAddress - kSeamAddress;
constexpr std::size_t kCodeAlign = 64;
constexpr std::size_t kCodeOffset = (sizeof(CodeHeader) + kCodeAlign - 1) / kCodeAlign * kCodeAlign;

std::uint64_t copied(const char *symbol) {
  return kCodeAddress + kCodeOffset + static_cast<std::size_t>(symbol - __start_mana_code);
}

void map_at(std::uintptr_t address, std::size_t bytes) {
  void *got = mmap(reinterpret_cast<void *>(address), bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != reinterpret_cast<void *>(address))
    refuse_errno(78, "cannot map the window at %#zx", address);
}

} // namespace

void code_page_create() {
  map_at(kSeamAddress, kSeamBytes);
  seam()->magic = kSeamMagic;
  seam()->version = kSeamVersion;
  seam()->size = sizeof(Seam);
  seam()->process = -1;

  const std::size_t bytes = static_cast<std::size_t>(__stop_mana_code - __start_mana_code);
  if (kCodeOffset + bytes > kCodeBytes)
    refuse(125, "the code page is too small for %zu bytes", bytes);
  map_at(kCodeAddress, kCodeBytes);
  std::memcpy(reinterpret_cast<void *>(kCodeAddress + kCodeOffset), __start_mana_code, bytes);
  CodeHeader *header = code_header();
  header->magic = kSeamMagic;
  header->syscall_entry = copied(mana_code_syscall_entry);
  header->any_entry = copied(mana_code_any_entry);
  header->leave = copied(mana_code_leave);
  header->raw_done = copied(mana_code_raw_done);
  header->signal_entry = copied(mana_code_signal_entry);
  header->stop_entry = copied(mana_code_stop_entry);
  header->restorer = copied(mana_code_restorer);
  header->park = copied(mana_code_park);
  header->resume = copied(mana_code_resume);
  // What is left before the vDSO image is no part of this: gdb wants that image in a mapping of its own.
  const std::size_t used = page_up(kCodeOffset + bytes);
  if (mprotect(header, used, PROT_READ | PROT_EXEC) != 0 ||
      mprotect(reinterpret_cast<char *>(header) + used, kCodeBytes - used, PROT_NONE) != 0)
    refuse_errno(78, "cannot make the code page executable");
}

} // namespace mana
