// The core in a test process: a Seam at its fixed address, a thread block at the GS base, pages from mmap. No live
// MPI.
//
// Include it in one source file per executable: it also defines what of the core is not linked in
// (core_for_tests.cmake): the front's table, the engine, the communicators. A fatal error ends the process with its
// text.
#pragma once
#include <asm/prctl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "core/engine.h"
#include "core/errors.h"
#include "core/pool.h"
#include "core/start.h"
#include "interface/seam.h"
#include "lower_mpi.h"

namespace mana {

inline void *map_pages(std::size_t bytes) {
  void *p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}
inline void unmap_pages(void *address, std::size_t bytes) { munmap(address, bytes); }
inline void say(const char *text) { std::fprintf(stderr, "mana: %s\n", text); }
[[noreturn]] inline void die(int code, const char *text) {
  say(text);
  _exit(code);
}
inline int same_code(int error) { return error; }

using CopyFunction = int (*)(Object *, int, void *, void *, void **, int *);
using DeleteFunction = int (*)(Object *, int, void *, void *);
using ErrorFunction = void (*)(Object *, int);

// Callbacks in tests have these prototypes: records in the place of handles.
inline FrontOps test_front = [] {
  FrontOps ops{};
  ops.front = 1;
  ops.call_comm_errhandler = [](void (*fn)(), Object *object, int error) {
    reinterpret_cast<ErrorFunction>(fn)(object, error);
    return error;
  };
  ops.call_copy_attr = [](void (*fn)(), Object *object, int keyval, void *extra, AttributeValue &value,
                          AttributeValue *out, int *flag) {
    return reinterpret_cast<CopyFunction>(fn)(object, keyval, extra, value.value, &out->value, flag);
  };
  ops.call_delete_attr = [](void (*fn)(), Object *object, int keyval, AttributeValue &value, void *extra) {
    return reinterpret_cast<DeleteFunction>(fn)(object, keyval, value.value, extra);
  };
  ops.error_text = [](int error) { return error == abi::ERR_TRUNCATE ? "MPI_ERR_TRUNCATE: message truncated" : "a text"; };
  ops.error_to_front = ops.error_from_front = same_code;
  ops.max_object_name = 64;
  ops.max_error_string = 256;
  ops.max_info_key = 36;
  ops.max_info_val = 256;
  return ops;
}();

inline LowerServices test_services{};
inline LowerMpi test_mpi{};
alignas(64) inline ThreadBlock test_thread{};

// Sets everything up once per process.
inline void start_core() {
  static bool started = false;
  if (started)
    return;
  started = true;
  void *page = mmap(reinterpret_cast<void *>(kSeamAddress), sizeof(Seam), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (page != reinterpret_cast<void *>(kSeamAddress)) {
    std::perror("cannot map the seam");
    std::abort();
  }
  test_thread.self = &test_thread;
  syscall(SYS_arch_prctl, ARCH_SET_GS, &test_thread);
  test_services.version = kSeamVersion;
  test_services.map_pages = map_pages;
  test_services.unmap_pages = unmap_pages;
  test_services.say = say;
  test_services.die = die;
  seam()->version = kSeamVersion;
  seam()->services = &test_services;
  seam()->mpi = &test_mpi;
  seam()->process = 0;
  seam()->processes = 8;
  predefined_start();
  world = predefined<Comm>(abi::COMM_WORLD);
  self_comm = predefined<Comm>(abi::COMM_SELF);
}

// Errors are returned in tests, unless one sets another handler.
class CoreTest : public testing::Test {
protected:
  void SetUp() override {
    start_core();
    set_errhandler(&world->errhandler, predefined<Errhandler>(abi::ERRORS_RETURN));
  }
  void TearDown() override { EXPECT_EQ(test_thread.in_core, 0u) << "a Call was not left"; }
};

// --- what is not linked in ---

Comm *world, *self_comm;
const FrontOps &front() { return test_front; }
const char *fn_name(Fn) { return "MPI_Function"; }
void engine_park() {}
void call_slow(Fn) {}

} // namespace mana
