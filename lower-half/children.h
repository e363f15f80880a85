// Processes that the application has started and that are there when a checkpoint is taken.
//
// One that lives cannot be saved: it is no part of the rank. So before the application's threads are stopped, children get some
// time to end while the program goes on, as those of system() and most of popen() do by themselves, and no new one is started until
// the checkpoint is over. Those that live on are named; after a restart they are not there, and waitpid() says ECHILD.
//
// One that has ended and was not waited for is noted. At a restart a stand-in is started that ends in the same way at once, and
// wait4 and waitid know it by the old number (child_calls.h). Its resource usage is lost.
//
// Found in /proc/self/task/*/children; where the kernel lacks that file, nothing is waited for nor named. With libc, on the
// control thread and the image writer's.
#pragma once
#include <string>
#include <vector>

namespace mana {

// Returns when no child lives, at the latest after MANA_CHILD_TIMEOUT seconds (default 5). Starts of processes wait from then on.
void children_wait();

// One line for each that lives; notes those that have ended.
void children_describe(std::vector<std::string> *lost);

// At restart, with all signals blocked: starts the stand-ins.
void children_restore();


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
