// The donor factory: see donors.h. Threads of the lower half, with its libc.
#include "donors.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "arch/x86_64/crossing.h"
#include "report.h"

namespace mana {

namespace {

constexpr std::size_t kStackBytes = 1 << 20; // holds the static TLS too; a stack nobody runs on costs no memory

void *donate(void *) {
  static thread_local Donor donor;
  donor.fs = arch::tls_self();
  add_donor(&donor);
  for (;;)
    pause(); // all signals are blocked: signals.cpp's pthread_create
}

bool start_thread(void *(*function)(void *)) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  errno = pthread_create(&thread, &attributes, function, nullptr);
  pthread_attr_destroy(&attributes);
  return errno == 0;
}

// One donor per request. When threads are short it tries again rather than leave the borrower without.
void *make_donors(void *) {
  std::uint32_t served = 0;
  for (;;) {
    const std::uint32_t wanted = __atomic_load_n(&donors_wanted, __ATOMIC_SEQ_CST);
    if (served == wanted)
      syscall(SYS_futex, &donors_wanted, FUTEX_WAIT_PRIVATE, wanted, nullptr, nullptr, 0);
    else if (start_thread(donate))
      ++served;
    else
      usleep(10000);
  }
}

} // namespace

void donors_init() {
  if (!start_thread(make_donors))
    refuse_errno(78, "cannot start a thread");
}

} // namespace mana
