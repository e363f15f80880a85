// The crossing, donors, and signals that hit on either side of it.
#include "two_halves.h"

namespace mana {

// Not under test here.
ParkResult engine_parked(ThreadBlock *) { return ParkResult::resumed; }

namespace {

thread_local int side = 0; // 1 in the application's TLS
__attribute__((noinline)) int read_side() {
  asm volatile("" ::: "memory");
  return side;
}
__attribute__((noinline)) void write_side(int value) {
  asm volatile("" ::: "memory");
  side = value;
}

class CrossingTest : public ::testing::Test {
protected:
  void SetUp() override {
    prepare_halves();
    fast_ = seam()->fsgsbase;
    write_side(1);
  }
  void TearDown() override { seam()->fsgsbase = fast_; }
  std::uint32_t fast_ = 0;
};

TEST_F(CrossingTest, SwitchesThreadLocalStorageAndBack) {
  EXPECT_EQ(1, read_side());
  {
    Crossing crossing;
    EXPECT_EQ(0, read_side());
    EXPECT_EQ(1u, this_thread_block()->in_lower);
    Crossing inner;
    EXPECT_EQ(0, read_side());
  }
  EXPECT_EQ(1, read_side());
  EXPECT_EQ(0u, this_thread_block()->in_lower);
}

TEST_F(CrossingTest, WorksWithoutTheInstructions) {
  seam()->fsgsbase = 0;
  {
    Crossing crossing;
    EXPECT_EQ(0, read_side());
  }
  EXPECT_EQ(1, read_side());
}

TEST_F(CrossingTest, CallbackRunsWithTheApplicationsStorageAndMayCrossAgain) {
  Crossing crossing;
  {
    ReverseCrossing callback;
    EXPECT_EQ(1, read_side());
    EXPECT_EQ(0u, this_thread_block()->in_lower);
    {
      Crossing again;
      EXPECT_EQ(0, read_side());
    }
    EXPECT_EQ(1, read_side());
  }
  EXPECT_EQ(0, read_side());
  EXPECT_EQ(1u, this_thread_block()->in_lower);
}

TEST_F(CrossingTest, ThreadsHaveDonorsOfTheirOwnAndGiveThemBack) {
  std::uint64_t first = 0, second = 0, third = 0;
  {
    std::atomic<int> inside{0};
    auto cross = [&](std::uint64_t *fs) {
      return [&, fs](ThreadBlock *block) {
        Crossing crossing;
        *fs = block->lower_fs;
        ++inside;
        while (inside < 2)
          usleep(100);
      };
    };
    UpperThread a(cross(&first)), b(cross(&second));
    a.join();
    b.join();
  }
  EXPECT_NE(0u, first);
  EXPECT_NE(first, second);
  UpperThread c([&](ThreadBlock *block) {
    Crossing crossing;
    third = block->lower_fs;
  });
  c.join();
  EXPECT_TRUE(third == first || third == second);
}

TEST_F(CrossingTest, ManyThreadsCrossAtTheSameTime) {
  std::atomic<int> wrong{0};
  std::vector<std::unique_ptr<UpperThread>> threads;
  for (int i = 0; i < 16; ++i)
    threads.push_back(std::make_unique<UpperThread>([&](ThreadBlock *) {
      write_side(1);
      for (int n = 0; n < 20000; ++n) {
        {
          Crossing crossing;
          if (read_side() != 0)
            ++wrong;
        }
        if (read_side() != 1)
          ++wrong;
      }
    }));
  for (auto &thread : threads)
    thread->join();
  EXPECT_EQ(0, wrong);
}

// --- signals ---

int seen_side = -1, seen_value = -1, handled = 0;
std::uint32_t seen_in_lower = 9;
void note(int, siginfo_t *info, void *) {
  seen_side = read_side();
  seen_in_lower = this_thread_block()->in_lower;
  seen_value = info->si_value.sival_int;
  ++handled;
}
int lower_handled = 0, lower_side = -1;
void note_lower(int, siginfo_t *, void *) {
  lower_side = read_side();
  ++lower_handled;
}

void queue(int sig, int value) {
  siginfo_t info = {};
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_value.sival_int = value;
  syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), sig, &info);
}

TEST_F(CrossingTest, HandlerInsideTheLowerHalfSeesTheApplicationsStorage) {
  const KernelSigaction action = app_action(note);
  set_app_action(SIGUSR1, &action, nullptr);
  {
    Crossing crossing;
    queue(SIGUSR1, 7);
    EXPECT_EQ(0, read_side());
    EXPECT_EQ(1u, this_thread_block()->in_lower);
  }
  EXPECT_EQ(1, seen_side);
  EXPECT_EQ(0u, seen_in_lower);
  EXPECT_EQ(7, seen_value);
  EXPECT_EQ(0u, this_thread_block()->held_sp);
}

TEST_F(CrossingTest, SignalsInACriticalSectionAreDeferredInOrderWithTheirValues) {
  const int sig = SIGRTMIN + 2;
  static std::vector<int> values;
  const KernelSigaction action =
      app_action([](int, siginfo_t *info, void *) { values.push_back(info->si_value.sival_int); });
  set_app_action(sig, &action, nullptr);
  ThreadBlock *block = this_thread_block();
  ++block->critical;
  for (int i = 0; i < 5; ++i)
    queue(sig, i);
  EXPECT_TRUE(values.empty());
  --block->critical;
  ASSERT_NE(0u, block->pending_signals);
  reinterpret_cast<void (*)()>(code_header()->leave)();
  EXPECT_EQ((std::vector<int>{0, 1, 2, 3, 4}), values);
  EXPECT_EQ(0u, block->pending_signals | block->deferred | block->hidden_mask);
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  EXPECT_EQ(0, sigismember(&mask, sig));
}

TEST_F(CrossingTest, LowerHandlerRunsOnlyWhereTheApplicationHasNone) {
  struct sigaction lower = {};
  lower.sa_sigaction = note_lower;
  lower.sa_flags = SA_SIGINFO;
  ASSERT_EQ(0, sigaction(SIGUSR2, &lower, nullptr)); // the lower half's, from signals.cpp
  queue(SIGUSR2, 0);
  EXPECT_EQ(1, lower_handled);
  EXPECT_EQ(0, lower_side);
  EXPECT_EQ(1, read_side());

  handled = 0;
  const KernelSigaction action = app_action(note);
  KernelSigaction old;
  set_app_action(SIGUSR2, &action, &old);
  EXPECT_EQ(0u, old.handler); // it never sees the other half's
  queue(SIGUSR2, 0);
  EXPECT_EQ(1, lower_handled);
  EXPECT_EQ(1, handled);

  struct sigaction asked = {};
  sigaction(SIGUSR2, nullptr, &asked);
  EXPECT_EQ(&note_lower, asked.sa_sigaction);
}

TEST_F(CrossingTest, OneShotHandlerIsResetOnce) {
  handled = 0;
  const KernelSigaction action = app_action(note, static_cast<int>(SA_RESETHAND));
  set_app_action(SIGWINCH, &action, nullptr);
  queue(SIGWINCH, 1);
  queue(SIGWINCH, 2); // ignored by default
  EXPECT_EQ(1, handled);
  KernelSigaction now;
  set_app_action(SIGWINCH, nullptr, &now);
  EXPECT_EQ(0u, now.handler);
}

TEST_F(CrossingTest, OwnUseOfOurSignalReachesTheApplication) {
  handled = 0;
  const KernelSigaction action = app_action(note);
  set_app_action(kCheckpointSignal, &action, nullptr);
  queue(kCheckpointSignal, 5);
  EXPECT_EQ(1, handled);
  EXPECT_EQ(5, seen_value);
  signal_engine(); // ours, with no checkpoint wanted
  EXPECT_EQ(1, handled);
}

} // namespace

} // namespace mana
