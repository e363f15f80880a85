// C++ across a checkpoint: exceptions, thread_local objects, containers, std::thread, a library opened at run time.
#include <dlfcn.h>
#include <mpi.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Counter {
  int value = 40;
};
static thread_local Counter counter;

static int sum_over_ranks(int value) {
  int sum = 0;
  MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  return sum;
}

static int thrown_through_mpi(int depth) {
  std::string guard(100, 'x');
  if (depth == 0) throw std::runtime_error("sum " + std::to_string(sum_over_ranks(1)));
  return thrown_through_mpi(depth - 1) + static_cast<int>(guard.size());
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::map<std::string, std::unique_ptr<std::vector<int>>> table;
  std::atomic<bool> stop{false};
  std::atomic<long> turns{0};
  std::thread worker([&] {
    counter.value = 50;
    while (!stop) {
      try {
        if (++turns % 2) throw turns.load();
      } catch (long) {
        ++counter.value;
      }
      std::this_thread::yield();
    }
  });
  bool right = true;
  for (int i = 0; i < 10; ++i) {
    ++counter.value;
    table["entry " + std::to_string(i)] = std::make_unique<std::vector<int>>(i + 1, sum_over_ranks(i));
    try {
      thrown_through_mpi(3);
      right = false;
    } catch (const std::exception &error) {
      right = right && error.what() == "sum " + std::to_string(size);
    }
  }
  void *library = dlopen("libm.so.6", RTLD_NOW);
  auto *power = reinterpret_cast<double (*)(double, double)>(library ? dlsym(library, "pow") : nullptr);
  MPI_Barrier(MPI_COMM_WORLD);
  right = right && power && power(2, 10) == 1024;
  while (turns == 0) std::this_thread::yield();
  stop = true;
  worker.join();
  for (int i = 0; i < 10; ++i) {
    const auto &entry = *table.at("entry " + std::to_string(i));
    right = right && entry.size() == i + 1u && entry.back() == i * size;
  }
  right = right && counter.value == 50;
  if (!right) MPI_Abort(MPI_COMM_WORLD, 1);
  if (rank == 0) std::puts("ok");
  MPI_Finalize();
  return 0;
}
