// Stopping threads wherever they are, letting them go on, and bringing them back in another process.
#include "two_halves.h"

#include <poll.h>
#include <semaphore.h>
#include <sys/wait.h>

#include <cerrno>
#include <ctime>

namespace mana {

int engine_parks = 0;
std::function<ParkResult()> at_engine_park;
ParkResult engine_parked(ThreadBlock *) {
  ++engine_parks;
  return at_engine_park ? at_engine_park() : ParkResult::resumed;
}

namespace {

class StopTest : public ::testing::Test {
protected:
  void SetUp() override {
    prepare_halves();
    seam()->intent = kIntentNone;
    seam()->upper = nullptr;
    at_engine_park = nullptr;
    engine_parks = 0;
  }

  static int stop() {
    seam()->intent |= kIntentPark;
    return stop_all_threads(2000);
  }
  static void resume() {
    seam()->intent = kIntentNone;
    resume_all_threads();
  }
};

TEST_F(StopTest, ThreadsStopWhereverTheyAreAndGoOn) {
  std::atomic<bool> end{false};
  std::atomic<long> computed{0}, crossed{0}, slept{0};
  int pipes[2];
  ASSERT_EQ(0, pipe(pipes));
  long got = 0;
  UpperThread computing([&](ThreadBlock *) {
    while (!end)
      ++computed;
  });
  UpperThread crossing([&](ThreadBlock *) {
    while (!end) {
      Crossing c;
      ++crossed;
    }
  });
  UpperThread sleeping([&](ThreadBlock *) {
    while (!end) {
      usleep(500);
      ++slept;
    }
  });
  UpperThread reading([&](ThreadBlock *) {
    char byte;
    got = read(pipes[0], &byte, 1);
  });
  for (int round = 0; round < 200; ++round) {
    ASSERT_EQ(0, stop());
    const long a = computed, b = crossed, c = slept;
    if (round % 50 == 0)
      usleep(5000);
    EXPECT_EQ(a, computed);
    EXPECT_EQ(b, crossed);
    EXPECT_EQ(c, slept);
    EXPECT_EQ(0u, crossing.block()->in_lower);
    resume();
    if (round % 50 == 0)
      usleep(3000);
  }
  EXPECT_GT(crossed, 0);
  EXPECT_GT(slept, 0);
  end = true;
  ASSERT_EQ(1, write(pipes[1], "x", 1));
  for (auto *thread : {&computing, &crossing, &sleeping, &reading})
    thread->join();
  EXPECT_EQ(1, got);
}

TEST_F(StopTest, AThreadInsideMpiIsLeftAlone) {
  std::atomic<int> stage{0};
  UpperThread thread([&](ThreadBlock *block) {
    ++block->in_core;
    stage = 1;
    while (stage < 2)
      usleep(100);
    --block->in_core;
    while (stage < 3)
      usleep(100);
  });
  while (stage < 1)
    usleep(100);
  seam()->intent |= kIntentPark;
  EXPECT_EQ(1, stop_all_threads(50));
  stage = 2;
  EXPECT_EQ(0, stop_all_threads(2000));
  resume();
  stage = 3;
  thread.join();
}

TEST_F(StopTest, AThreadMayParkByItself) {
  std::atomic<int> result{-1};
  std::atomic<bool> go{false};
  UpperThread thread([&](ThreadBlock *) {
    while (!go) {
    }
    result = reinterpret_cast<int (*)()>(code_header()->park)();
  });
  ++thread.block()->in_core; // the signal must not do it
  seam()->intent |= kIntentPark;
  go = true;
  EXPECT_EQ(0, stop_all_threads(2000));
  EXPECT_EQ(-1, result);
  resume();
  thread.join();
  EXPECT_EQ(static_cast<int>(ParkResult::resumed), result);
}

TEST_F(StopTest, WhoeverComesTooLateDoesNotSleep) {
  std::atomic<int> result{-1};
  UpperThread thread([&](ThreadBlock *) { result = reinterpret_cast<int (*)()>(code_header()->park)(); });
  thread.join();
  EXPECT_EQ(static_cast<int>(ParkResult::resumed), result);
}

template <typename Call> int interrupted_call(Call call) {
  int result = 0;
  std::atomic<bool> entered{false};
  UpperThread thread([&](ThreadBlock *) {
    entered = true;
    result = call();
  });
  while (!entered)
    usleep(100);
  usleep(2000);
  for (int i = 0; i < 10; ++i) {
    seam()->intent |= kIntentPark;
    EXPECT_EQ(0, stop_all_threads(2000));
    seam()->intent = kIntentNone;
    resume_all_threads();
    usleep(1000);
  }
  thread.join();
  return result;
}

TEST_F(StopTest, SleepsLastAsLongAsTheyWould) {
  timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  EXPECT_EQ(0, interrupted_call([] {
              timespec time = {0, 60'000'000};
              return nanosleep(&time, &time);
            }));
  EXPECT_EQ(0, interrupted_call([] {
              timespec time;
              clock_gettime(CLOCK_MONOTONIC, &time);
              time.tv_sec += 1;
              return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
            }));
  clock_gettime(CLOCK_MONOTONIC, &after);
  const double passed =
      static_cast<double>(after.tv_sec - before.tv_sec) + 1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec);
  EXPECT_GE(passed, 1.06);
  EXPECT_LT(passed, 1.5);
}

TEST_F(StopTest, EndlessWaitsAreNotInterrupted) {
  int pipes[2];
  ASSERT_EQ(0, pipe(pipes));
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  UpperThread late([&](ThreadBlock *) {
    for (int i = 0; i < 400; ++i)
      usleep(200);
    sem_post(&semaphore);
    EXPECT_EQ(1, write(pipes[1], "x", 1));
  });
  EXPECT_EQ(0, interrupted_call([&] { return sem_wait(&semaphore); }));
  EXPECT_EQ(1, interrupted_call([&] {
              pollfd fd = {pipes[0], POLLIN, 0};
              return poll(&fd, 1, -1);
            }));
  late.join();
}

TEST_F(StopTest, TheEngineParksItselfWhereThereIsNoFront) {
  std::atomic<bool> end{false};
  UpperThread control([&](ThreadBlock *) {
    while (!end) {
      signal_engine();
      usleep(500);
    }
  });
  at_engine_park = [&] {
    Crossing crossing;
    seam()->intent = kIntentNone;
    return ParkResult::resumed;
  };
  seam()->intent |= kIntentPark;
  for (int i = 0; i < 1000 && engine_parks == 0; ++i)
    usleep(1000);
  end = true;
  control.join();
  EXPECT_EQ(1, engine_parks);
}

int checkpoints = 0;
void checkpoint_here() {
  alignas(16) volatile char aligned[16];
  EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(aligned) % 16);
  ++checkpoints;
  seam()->intent = kIntentNone;
}
int may_stop = 0, asked = 0;
int may_stop_anywhere() { return ++asked, may_stop; }

TEST_F(StopTest, TheEngineCallsTheCoreWhenItMay) {
  const UpperServices upper = {kSeamVersion, 1, checkpoint_here, may_stop_anywhere, nullptr, nullptr, 0};
  seam()->upper = &upper;
  seam()->intent |= kIntentPark;
  signal_engine();
  EXPECT_EQ(1, asked);
  EXPECT_EQ(0, checkpoints);
  may_stop = 1;
  signal_engine();
  EXPECT_EQ(1, checkpoints);
  EXPECT_EQ(0, engine_parks);
}

// A fork is a restart: the child has the memory but not the threads.
TEST_F(StopTest, ThreadsComeBackInAnotherProcess) {
  static std::atomic<bool> end{false}, stop_late{false};
  static std::atomic<long> counts[4];
  static double sums[4];
  std::vector<std::unique_ptr<UpperThread>> threads;
  for (int i = 0; i < 4; ++i)
    threads.push_back(std::make_unique<UpperThread>([i](ThreadBlock *) {
      double sum = 0; // lives in a vector register
      for (long n = 0; !end; ++n) {
        sum += 1.0;
        counts[i] = n + 1;
        if (i == 3)
          usleep(100);
      }
      sums[i] = sum;
    }));
  usleep(5000);
  ASSERT_EQ(0, stop());
  const long child = syscall(SYS_fork);
  if (child == 0) {
    adopt_thread_blocks();
    int bad = 0;
    long before[4];
    for (int i = 0; i < 4; ++i)
      before[i] = counts[i];
    for_each_thread([&](ThreadBlock *block) {
      if (!block->is_engine && !recreate_thread(block))
        bad |= 1;
    });
    for_each_thread([&](ThreadBlock *block) {
      if (!block->is_engine && block->kernel_tid == block->tid)
        bad |= 2;
    });
    resume();
    usleep(50000);
    for (int i = 0; i < 4; ++i)
      if (counts[i] <= before[i])
        bad |= 4;
    if (stop() != 0)
      bad |= 8; // and may be stopped again
    resume();
    end = true;
    usleep(50000);
    for (int i = 0; i < 4; ++i)
      if (sums[i] != static_cast<double>(counts[i]))
        bad |= 16;
    syscall(SYS_exit_group, bad);
  }
  int status = 0;
  ASSERT_EQ(child, waitpid(static_cast<pid_t>(child), &status, 0));
  EXPECT_EQ(0, status);
  resume();
  end = true;
  for (auto &thread : threads)
    thread->join();
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(sums[i], static_cast<double>(counts[i]));
}

} // namespace

} // namespace mana
