// mmap, mprotect, munmap, mremap, brk, shmat, shmdt of the application: the kernel does the work, at addresses that we choose.
//
// Every call is: find a place (window.h), pass it on with MAP_FIXED, note the result, under the allocator's lock, so
// that the allocator and the kernel never disagree. What the kernel would do with a flag it does still:
//   hint                 honoured when that place is free, as the kernel does
//   MAP_FIXED            honoured in the window and the low area; refused elsewhere (ENOMEM): memory there would
//                        not be saved, and may be the lower half's
//   MAP_32BIT            placed in the low area; MAP_HUGETLB, a file of huge pages: aligned to their size
//   MAP_GROWSDOWN        room for 8 MiB of growth is set aside below, and stays so
// Anonymous blocks from 2 MiB up are aligned to 2 MiB (transparent huge pages), as Linux does since 6.7.
#include <asm/unistd.h>
#include <errno.h>
#include <linux/magic.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/statfs.h>

#include "arch/x86_64/raw_syscall.h"
#include "intercept.h"
#include "library_path.h"
#include "patch.h"
#include "saved.h"
#include "syscall_net.h"
#include "window.h"

namespace mana {

namespace {

constexpr std::uint64_t kGrowth = 8 << 20;
constexpr int kHugeShift = 26; // MAP_HUGE_SHIFT: log2 of the page size in the flags' top six bits

std::uint64_t huge_page_bytes(std::uint64_t flags) {
  const std::uint64_t log2 = (flags >> kHugeShift) & 63;
  return log2 ? std::uint64_t{1} << log2 : kHugePageSize;
}

// Bytes of a page of a file that has huge ones (hugetlbfs, MFD_HUGETLB); 0: not such a file.
std::uint64_t huge_page_bytes_of_file(std::uint64_t fd) {
  struct statfs of {};
  const long result = raw_syscall(__NR_fstatfs, fd, reinterpret_cast<std::uint64_t>(&of));
  return !failed(result) && of.f_type == HUGETLBFS_MAGIC ? static_cast<std::uint64_t>(of.f_bsize) : 0;
}

// An executable file mapping of the application: its system call sites are rewritten before anyone runs it.
void mapped_code(std::uintptr_t start, std::uint64_t bytes, std::uint64_t prot, int fd, std::uint64_t offset) {
  library_path_restore();
  if (!patch_file_mapping(start, bytes, prot, fd, offset))
    syscall_net_need();
}

std::uintptr_t choose_place(std::uint64_t hint, std::uint64_t bytes, std::uint64_t flags, bool file) {
  std::uint64_t align = kPageSize;
  if (flags & MAP_HUGETLB)
    align = huge_page_bytes(flags);
  else if (!file && bytes >= kHugePageSize)
    align = kHugePageSize;
  if (flags & MAP_32BIT)
    return window_find(bytes, align, Place::low);

  hint = page_down(hint);
  if (hint && window_contains(hint, hint + bytes) && window_is_free(hint, hint + bytes))
    return hint;
  if (flags & MAP_GROWSDOWN) {
    const std::uintptr_t place = window_find(bytes + kGrowth, kPageSize, Place::anonymous);
    if (place)
      window_take(place, place + kGrowth);
    return place ? place + kGrowth : 0;
  }
  return window_find(bytes, align, file ? Place::file : Place::anonymous);
}

long map_locked(std::uint64_t address, std::uint64_t bytes, std::uint64_t prot, std::uint64_t flags, std::uint64_t fd,
                std::uint64_t offset) {
  const bool noreplace = (flags & MAP_FIXED_NOREPLACE) != 0;
  const bool fixed = noreplace || (flags & MAP_FIXED);
  std::uint64_t span = page_up(bytes);
  if (flags & MAP_HUGETLB)
    span = (bytes + huge_page_bytes(flags) - 1) & ~(huge_page_bytes(flags) - 1);
  if (span < bytes || span > kWindowSize)
    return -ENOMEM;

  if (fixed) {
    if (address % kPageSize)
      return -EINVAL;
    if (address + span < address || !window_contains(address, address + span))
      return -ENOMEM;
    if (noreplace && !window_is_free(address, address + span))
      return -EEXIST;
  } else {
    address = choose_place(address, span, flags, !(flags & MAP_ANONYMOUS));
    if (!address)
      return -ENOMEM;
    // Not NOREPLACE: the place is ours, and before Linux 4.17 the flag was not known. MAP_32BIT has done its work.
    flags = (flags & ~std::uint64_t{MAP_32BIT}) | MAP_FIXED;
  }
  long got = raw_syscall(__NR_mmap, address, bytes, prot, flags, fd, offset);
  if (got == -EINVAL && !(flags & MAP_ANONYMOUS)) {
    if (const std::uint64_t page = huge_page_bytes_of_file(fd)) {
      span = (span + page - 1) & ~(page - 1);
      address = fixed ? address : window_find(span, page, Place::file);
      got = address ? raw_syscall(__NR_mmap, address, bytes, prot, flags, fd, offset) : -ENOMEM;
    }
  }
  if (!failed(got))
    window_take(address, address + span);
  return got;
}

long on_mmap(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  if (arg[1] == 0)
    return -EINVAL;
  window_lock();
  const long got = map_locked(arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
  // What is shared stays as it is: others have it too, and a rewritten site reaches its stub from here alone.
  if (!failed(got) && (arg[2] & PROT_EXEC)) {
    if ((arg[3] & (MAP_TYPE | MAP_ANONYMOUS)) == MAP_PRIVATE)
      mapped_code(static_cast<std::uintptr_t>(got), page_up(arg[1]), arg[2], static_cast<int>(arg[4]), arg[5]);
    else
      syscall_net_need();
  }
  window_unlock();
  return got;
}

// What becomes executable later may have been written by anyone.
long on_mprotect(SyscallFrame *frame) {
  if (frame->arg[2] & PROT_EXEC) {
    window_lock();
    syscall_net_need();
    window_unlock();
  }
  return pass_on(frame);
}

long on_munmap(SyscallFrame *frame) {
  const std::uint64_t start = frame->arg[0], end = start + page_up(frame->arg[1]);
  if (!window_contains(start, end))
    return -EINVAL;
  window_lock();
  const long result = pass_on(frame);
  if (!failed(result))
    window_give(start, end);
  window_unlock();
  return result;
}

// Moves to `target` (already chosen or given); what was there is replaced.
long remap_to(std::uint64_t old, std::uint64_t old_span, std::uint64_t span, std::uint64_t flags,
              std::uint64_t target) {
  const long got = raw_syscall(__NR_mremap, old, old_span, span, flags | MREMAP_FIXED | MREMAP_MAYMOVE, target);
  if (failed(got))
    return got;
  if (!(flags & MREMAP_DONTUNMAP))
    window_give(old, old + old_span);
  window_take(target, target + span);
  return got;
}

long remap_locked(std::uint64_t old, std::uint64_t old_span, std::uint64_t span, std::uint64_t flags,
                  std::uint64_t target) {
  if (flags & MREMAP_FIXED) {
    if (!window_contains(target, target + span))
      return -ENOMEM;
    return remap_to(old, old_span, span, flags, target);
  }
  if (old_span && !(flags & MREMAP_DONTUNMAP)) {
    if (span <= old_span) {
      const long got = raw_syscall(__NR_mremap, old, old_span, span, 0);
      if (!failed(got) && span < old_span)
        window_give(old + span, old + old_span);
      return got;
    }
    if (window_is_free(old + old_span, old + span)) {
      const long got = raw_syscall(__NR_mremap, old, old_span, span, 0);
      if (!failed(got))
        window_take(old, old + span);
      if (!failed(got) || got != -ENOMEM)
        return got;
    }
  }
  if (!(flags & MREMAP_MAYMOVE))
    return -ENOMEM;
  const std::uint64_t align = span >= kHugePageSize ? kHugePageSize : kPageSize;
  target = window_find(span, align, Place::anonymous);
  return target ? remap_to(old, old_span, span, flags, target) : -ENOMEM;
}

long on_mremap(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const std::uint64_t old = arg[0], old_span = page_up(arg[1]), span = page_up(arg[2]);
  if (old % kPageSize || span == 0 || span > kWindowSize)
    return -EINVAL;
  if (!window_contains(old, old + (old_span ? old_span : kPageSize)))
    return -EFAULT;
  window_lock();
  const long got = remap_locked(old, old_span, span, arg[3], arg[4]);
  window_unlock();
  return got;
}

// The kernel's brk heap is the lower half's. Ours is a mapping that grows in its own terabyte.
long move_brk(std::uint64_t wanted) {
  SavedProcess *process = saved();
  if (wanted < process->brk_start || wanted > process->brk_limit)
    return static_cast<long>(process->brk_now);
  const std::uint64_t old_end = page_up(process->brk_now), new_end = page_up(wanted);
  long result = 0;
  if (new_end > old_end)
    result = raw_syscall(__NR_mmap, old_end, new_end - old_end, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1ul, 0);
  else if (new_end < old_end)
    result = raw_syscall(__NR_munmap, new_end, old_end - new_end);
  if (!failed(result))
    process->brk_now = wanted;
  return static_cast<long>(process->brk_now);
}

long on_brk(SyscallFrame *frame) {
  window_lock();
  const long result = move_brk(frame->arg[0]);
  window_unlock();
  return result;
}

// shmdt() does not say how long the segment was, so attachments are noted here. Not saved: System V
// segments are not restored as such.
struct Attachment {
  std::uint64_t start, end;
};
Attachment attachments[256];

long attach_locked(std::uint64_t id, std::uint64_t address, std::uint64_t flags) {
  struct shmid_ds status;
  const long known = raw_syscall(__NR_shmctl, id, IPC_STAT, reinterpret_cast<std::uint64_t>(&status));
  if (failed(known))
    return known;
  const std::uint64_t span = page_up(status.shm_segsz);
  if (!address)
    address = window_find(span, span >= kHugePageSize ? kHugePageSize : kPageSize, Place::anonymous);
  if (flags & SHM_RND)
    address = page_down(address);
  if (!address || !window_contains(address, address + span))
    return -ENOMEM;
  if (flags & SHM_EXEC)
    syscall_net_need();
  const long got = raw_syscall(__NR_shmat, id, address, flags);
  if (failed(got))
    return got;
  window_take(address, address + span);
  for (Attachment &attachment : attachments) {
    if (attachment.end)
      continue;
    attachment = {address, address + span};
    break;
  }
  return got;
}

long on_shmat(SyscallFrame *frame) {
  window_lock();
  const long got = attach_locked(frame->arg[0], frame->arg[1], frame->arg[2]);
  window_unlock();
  return got;
}

long on_shmdt(SyscallFrame *frame) {
  window_lock();
  const long result = pass_on(frame);
  for (Attachment &attachment : attachments) {
    if (failed(result) || attachment.start != frame->arg[0] || !attachment.end)
      continue;
    window_give(attachment.start, attachment.end);
    attachment = {0, 0};
  }
  window_unlock();
  return result;
}

} // namespace

void register_memory_calls() {
  intercept_register(__NR_mmap, on_mmap);
  intercept_register(__NR_mprotect, on_mprotect);
  intercept_register(__NR_pkey_mprotect, on_mprotect);
  intercept_register(__NR_munmap, on_munmap);
  intercept_register(__NR_mremap, on_mremap);
  intercept_register(__NR_brk, on_brk);
  intercept_register(__NR_shmat, on_shmat);
  intercept_register(__NR_shmdt, on_shmdt);
}

} // namespace mana
