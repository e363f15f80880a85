// Where the programs stand in the command lines of launchers, and what of it a restart uses.
#include "tools/launchers.h"

#include <gtest/gtest.h>

#include <sstream>

using namespace mana;

namespace {

Words split(const std::string &text) {
  std::istringstream in(text);
  Words words;
  for (std::string word; in >> word;)
    words.push_back(word);
  return words;
}

std::string join(const Words &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.size() ? std::string(" ") : std::string()) + word;
  return text;
}

struct Case {
  const char *command;  // programs are the words that begin with "./"
  int ranks;            // 0: not all are given
  const char *launcher; // for a restart
};

void check(const Case &test) {
  SCOPED_TRACE(test.command);
  const Words words = split(test.command);
  LaunchPlan plan;
  const Problem problem = plan_launch(launcher_kind(words[0]), words, true, &plan);
  ASSERT_FALSE(problem) << problem.text;
  std::vector<std::size_t> expected;
  for (std::size_t i = 1; i < words.size(); ++i)
    if (words[i].starts_with("./"))
      expected.push_back(i);
  EXPECT_EQ(plan.programs, expected);
  EXPECT_EQ(plan.ranks.value_or(0), test.ranks);
  EXPECT_EQ(join(plan.launcher()), test.launcher);
}

// clang-format off
const Case kCases[] = {
    {"mpirun.openmpi -n 4 ./app a b", 4, "mpirun.openmpi"},
    {"mpirun.openmpi ./app -n 4", 0, "mpirun.openmpi"},
    {"mpirun.openmpi -np 4 --bind-to core -mca btl self,vader --mca pml ob1 ./app", 4,
     "mpirun.openmpi --bind-to core -mca btl self,vader --mca pml ob1"},
    {"orterun --oversubscribe -c 2 -x A=1 -x B -H a,b ./app", 2, "orterun --oversubscribe -x A=1 -x B -H a,b"},
    {"mpiexec.openmpi --allow-run-as-root -host localhost:4 --map-by ppr:2:node --report-bindings --n 3 ./app", 3,
     "mpiexec.openmpi --allow-run-as-root -host localhost:4 --map-by ppr:2:node --report-bindings"},
    {"mpirun.openmpi -n 1 ./a x : -n 3 ./b y : -n 2 ./c", 6, "mpirun.openmpi"},
    {"mpirun.openmpi -n 1 ./a : ./b", 0, "mpirun.openmpi"},
    {"mpirun.openmpi -gmca a b -tune f -q --timeout 5 -n 2 -- ./app --x", 2, "mpirun.openmpi -gmca a b -tune f -q --timeout 5"},
    {"mpirun.openmpi --hostfile=hosts --np=2 ./app", 2, "mpirun.openmpi --hostfile=hosts"},
    {"mpirun.mpich -n 4 ./app -n 2", 4, "mpirun.mpich"},
    {"mpiexec.hydra -genv A 1 -genv B=2 -env C 3 -np 2 ./app", 2, "mpiexec.hydra -genv A 1 -genv B=2 -env C 3"},
    {"mpiexec.hydra -genvall -f hosts -ppn 2 -bind-to core:2 -map-by socket -print-all-exitcodes -n 8 ./app", 8,
     "mpiexec.hydra -genvall -f hosts -ppn 2 -bind-to core:2 -map-by socket -print-all-exitcodes"},
    {"mpirun.mpich -l -n 1 ./a : -env X 1 -n 1 ./b", 2, "mpirun.mpich -l"},
    {"mpirun.mpich --launcher fork -prepend-rank -outfile-pattern o.%r -n 2 ./app", 2,
     "mpirun.mpich --launcher fork -prepend-rank -outfile-pattern o.%r"},
    {"mpirun.mpich -n=3 ./app", 3, "mpirun.mpich"},
    {"srun -n4 -N 2 --mpi=pmix ./app", 4, "srun -N 2 --mpi=pmix"},
    {"srun --ntasks=4 -p debug -t 10 ./app -n 7", 4, "srun -p debug -t 10"},
};
// clang-format on

} // namespace

TEST(Launchers, FindsProgramsAndCounts) {
  for (const Case &test : kCases)
    check(test);
}

TEST(Launchers, PutsMoreWordsBeforeEveryProgramAndChangesNothingElse) {
  const Words words = {"mpirun.mpich", "-n", "1", "./a", "", "two words", "-n", ":", "-n", "2", "./b", "\n"};
  LaunchPlan plan;
  ASSERT_FALSE(plan_launch(LauncherKind::hydra, words, true, &plan));
  EXPECT_EQ(plan.with({"R", "--"}), (Words{"mpirun.mpich", "-n", "1", "R", "--", "./a", "", "two words", "-n", ":",
                                           "-n", "2", "R", "--", "./b", "\n"}));
}

TEST(Launchers, SaysWhatIsWrong) {
  const struct {
    const char *command, *text;
  } cases[] = {
      {"mpirun.openmpi", "there is no program"},
      {"mpirun.openmpi -n 2", "there is no program"},
      {"mpirun.openmpi -n 2 ./a :", "there is no program"},
      {"mpirun.openmpi -mca a", "lacks an argument"},
      {"mpirun.openmpi --app file", "is not supported"},
      {"mpirun.mpich -configfile x", "is not supported"},
  };
  for (const auto &test : cases) {
    SCOPED_TRACE(test.command);
    const Words words = split(test.command);
    LaunchPlan plan;
    const Problem problem = plan_launch(launcher_kind(words[0]), words, true, &plan);
    EXPECT_EQ(problem.code, 2);
    EXPECT_NE(problem.text.find(test.text), std::string::npos) << problem.text;
  }
}

TEST(Launchers, ARestartNeedsNoProgram) {
  LaunchPlan plan;
  ASSERT_FALSE(plan_launch(LauncherKind::openmpi, {"mpirun", "-n", "3", "--bind-to", "none"}, false, &plan));
  EXPECT_TRUE(plan.programs.empty());
  EXPECT_EQ(plan.ranks, 3);
  EXPECT_EQ(plan.launcher(), (Words{"mpirun", "--bind-to", "none"}));
  ASSERT_FALSE(plan_launch(LauncherKind::hydra, {"mpirun.mpich"}, false, &plan));
  EXPECT_FALSE(plan.ranks);
}

TEST(Launchers, AProgramAloneIsNoLauncher) {
  EXPECT_EQ(launcher_kind("./app"), LauncherKind::none);
  EXPECT_EQ(launcher_kind("/opt/x/mpirun.mpich"), LauncherKind::hydra);
  LaunchPlan plan;
  ASSERT_FALSE(plan_launch(LauncherKind::none, {"python3", "-c", ":"}, true, &plan));
  EXPECT_EQ(plan.with({"R"}), (Words{"R", "python3", "-c", ":"}));
  EXPECT_TRUE(plan.launcher().empty());
}
