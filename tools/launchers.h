// Command lines of MPI launchers: where in `mpirun -n 2 --bind-to core ./a x : -n 1 ./b` the programs stand.
//
// A launcher's options are known by table (launchers.cpp): how many arguments each takes. The first word that
// is neither an option nor an argument of one is the program; ':' starts another one. Nothing else is interpreted,
// and every word is passed on byte for byte.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tools/image/image.h"

namespace mana {

using image::Problem;
using Words = std::vector<std::string>;

enum class LauncherKind { none, openmpi, hydra, srun };

struct LaunchPlan {
  LauncherKind kind = LauncherKind::none;
  Words command;                     // as given
  std::vector<std::size_t> programs; // index into `command` of each program; {0} without a launcher
  std::optional<int> ranks;          // the sum of the process counts, when every program has one
  bool moves = false;                // an option changes the directory or the path in which programs are looked up

  // `insert` before every program: what is to be run.
  Words with(const Words &insert) const;
  // Launcher and its options up to the first program without process counts; empty without a launcher.
  Words launcher() const;
};

// Recognises a launcher by its name, or, for names like mpirun that several have, by the file it links to or what it
// says of its version. `none`: not a launcher that we know.
LauncherKind launcher_kind(const std::string &word);

// Finds the programs. 2 with a sentence when there is none or an option hides it in a file.
// `needs_program` false: for a restart, where only a launcher and its options are given.
Problem plan_launch(LauncherKind kind, const Words &command, bool needs_program, LaunchPlan *plan);

// "./app" or a name found through PATH as an absolute path; empty and errno when there is none.
std::string find_program(const std::string &name);

// What can be said of a program before it is started: not there (127), not executable (126), static, setuid,
// of another architecture (78).
Problem check_program(const std::string &name);

} // namespace mana
