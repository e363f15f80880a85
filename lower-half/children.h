// Processes that the application has started and that live when a checkpoint is taken.
//
// A child cannot be saved: it is no part of the rank. So before the application's threads are stopped, children get some time
// to end while the program goes on, as those of system() and most of popen() do by themselves. Those that are left are
// named; after a restart they are not there, and waitpid() says ECHILD.
//
// Found in /proc/self/task/*/children; where the kernel lacks that file, nothing is waited for nor named. With libc, on the
// control thread and the image writer's.
#pragma once
#include <string>
#include <vector>

namespace mana {

// Returns when no child lives, at the latest after MANA_CHILD_TIMEOUT seconds (default 5).
void children_wait();

// One line for each that lives or has ended unnoticed.
void children_describe(std::vector<std::string> *lost);

// Around MPI_Init of the live MPI: children that it starts (a daemon) are not the application's.
class ChildrenOfMpi {
public:
  ChildrenOfMpi();
  ~ChildrenOfMpi();
  ChildrenOfMpi(const ChildrenOfMpi &) = delete;
  ChildrenOfMpi &operator=(const ChildrenOfMpi &) = delete;

private:
  std::vector<int> before_;
};

}  // namespace mana
