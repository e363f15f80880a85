// A generation is there whole or not at all, whatever step the world ends at.
#include "tools/generations.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

using namespace mana;

namespace {

// The real file system until `operations_left` changes have been made; then nothing happens any more (a crash), or
// each further operation fails with `error` if that is not 0.
class MortalFileSystem : public FileSystem {
public:
  int operations_left = 1 << 30, error = 0, done = 0;

  int make_directory(const std::string &path) override {
    return step([&] { return FileSystem::make_directory(path); });
  }
  int write_file(const std::string &path, const std::string &content) override {
    // A crash in the middle of a write leaves a part of it.
    if (operations_left == 0 && error == 0)
      FileSystem::write_file(path, content.substr(0, content.size() / 2));
    return step([&] { return FileSystem::write_file(path, content); });
  }
  int rename(const std::string &from, const std::string &to) override {
    return step([&] { return FileSystem::rename(from, to); });
  }
  int sync_directory(const std::string &path) override {
    return step([&] { return FileSystem::sync_directory(path); });
  }
  int remove_tree(const std::string &path) override {
    // A crash in the middle of a removal leaves some files.
    if (operations_left == 0 && error == 0 && std::filesystem::exists(path + "/rank-0.mana"))
      std::filesystem::remove(path + "/rank-0.mana");
    return step([&] { return FileSystem::remove_tree(path); });
  }

private:
  int step(const std::function<int()> &operation) {
    if (operations_left == 0) {
      if (error != 0) {
        operations_left = 1 << 30; // one failure only
        return error;
      }
      return EIO;
    }
    --operations_left;
    ++done;
    return operation();
  }
};

class GenerationsTest : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/mana-generations-XXXXXX";
    root_ = ::mkdtemp(name);
    directory_ = root_ + "/ckpt";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // What ranks and coordinator do for one checkpoint.
  static Problem checkpoint(Generations &generations, int ranks, int keep, std::uint64_t *number = nullptr) {
    std::uint64_t generation = 0;
    std::string path;
    if (Problem problem = generations.begin(&generation, &path))
      return problem;
    Manifest manifest;
    manifest.generation = generation;
    manifest.backend = manifest.front = "openmpi";
    manifest.launcher = {"mpirun"};
    manifest.command = {"mpirun", "./app", "\xff bytes"};
    for (int rank = 0; rank < ranks; ++rank) {
      const std::string file = "rank-" + std::to_string(rank) + ".mana", text = "image " + std::to_string(generation);
      std::ofstream(path + "/" + file) << text;
      manifest.images.push_back({rank, file, text.size(), {1, 2}, {}});
    }
    if (number)
      *number = generation;
    return generations.commit(manifest, keep);
  }

  // Every listed generation has all its images.
  static void expect_whole(const Generations &generations) {
    for (std::uint64_t number : generations.list()) {
      Manifest manifest;
      ASSERT_FALSE(generations.read(number, &manifest));
      for (const ImageEntry &entry : manifest.images) {
        std::ifstream file(generations.path_of(number) + "/" + entry.file);
        std::string text;
        std::getline(file, text);
        EXPECT_EQ(text, "image " + std::to_string(number));
      }
    }
  }

  std::string root_, directory_;
};

} // namespace

TEST_F(GenerationsTest, NumbersGoOnAndOldOnesGo) {
  FileSystem files;
  {
    Generations generations(files, directory_);
    ASSERT_FALSE(generations.open());
    for (int i = 0; i < 5; ++i)
      ASSERT_FALSE(checkpoint(generations, 2, 2));
    EXPECT_EQ(generations.list(), (std::vector<std::uint64_t>{5, 4}));
  }
  Generations again(files, directory_);
  ASSERT_FALSE(again.open());
  std::uint64_t number = 0;
  ASSERT_FALSE(checkpoint(again, 2, 1, &number));
  EXPECT_EQ(number, 6u);
  EXPECT_EQ(again.list(), (std::vector<std::uint64_t>{6}));
  Manifest manifest;
  ASSERT_FALSE(again.read(6, &manifest));
  EXPECT_EQ(manifest.command[2], "\xff bytes");
}

TEST_F(GenerationsTest, ACrashBetweenAnyTwoStepsLeavesTheOldOrTheNew) {
  for (int at = 0;; ++at) {
    std::filesystem::remove_all(directory_);
    MortalFileSystem files;
    bool crashed;
    {
      Generations generations(files, directory_);
      ASSERT_FALSE(generations.open());
      ASSERT_FALSE(checkpoint(generations, 2, 2));
      ASSERT_FALSE(checkpoint(generations, 2, 2));
      files.operations_left = at;
      (void)checkpoint(generations, 2, 2);
      crashed = files.operations_left == 0;
    }
    FileSystem real;
    const Generations before(real, directory_);
    ASSERT_FALSE(before.list().empty());
    EXPECT_TRUE(before.list()[0] == 2 || before.list()[0] == 3) << "step " << at;
    SCOPED_TRACE(at);
    expect_whole(before);

    // The next job cleans up and goes on from there.
    Generations next(real, directory_);
    ASSERT_FALSE(next.open());
    for (const auto &entry : std::filesystem::directory_iterator(directory_)) {
      const std::string name = entry.path().filename();
      EXPECT_TRUE(!name.ends_with(".partial") && !name.ends_with(".removed")) << name;
    }
    std::uint64_t number = 0;
    ASSERT_FALSE(checkpoint(next, 2, 2, &number));
    EXPECT_EQ(number, before.list()[0]);
    EXPECT_EQ(before.list().size(), 2u);
    expect_whole(next);
    if (!crashed) {
      EXPECT_GT(at, 8);
      break;
    }
  }
}

TEST_F(GenerationsTest, AFailureOfAnyStepIsReportedOrHarmless) {
  for (int at = 0;; ++at) {
    std::filesystem::remove_all(directory_);
    MortalFileSystem files;
    Generations generations(files, directory_);
    ASSERT_FALSE(generations.open());
    ASSERT_FALSE(checkpoint(generations, 2, 2));
    files.operations_left = at;
    files.error = ENOSPC;
    const Problem problem = checkpoint(generations, 2, 2);
    const bool failed = files.operations_left > (1 << 20);
    SCOPED_TRACE(at);
    EXPECT_EQ(generations.list()[0], problem ? 1u : 2u);
    EXPECT_TRUE(!problem || problem.code == 74) << problem.text;
    expect_whole(generations);
    files.operations_left = 1 << 30;
    files.error = 0;
    ASSERT_FALSE(checkpoint(generations, 2, 2));
    if (!failed)
      break;
  }
}

TEST_F(GenerationsTest, AnImageThatIsMissingOrShortIsNotPublished) {
  FileSystem files;
  Generations generations(files, directory_);
  ASSERT_FALSE(generations.open());
  std::uint64_t generation = 0;
  std::string path;
  ASSERT_FALSE(generations.begin(&generation, &path));
  Manifest manifest;
  manifest.generation = generation;
  manifest.images.push_back({0, "rank-0.mana", 10, {}, {}});
  EXPECT_EQ(generations.commit(manifest, 2).code, 73);
  ASSERT_FALSE(generations.begin(&generation, &path));
  std::ofstream(path + "/rank-0.mana") << "short";
  EXPECT_EQ(generations.commit(manifest, 2).code, 74);
  EXPECT_TRUE(generations.list().empty());
}

TEST_F(GenerationsTest, TheFolderMustBeOursAlone) {
  FileSystem files;
  EXPECT_EQ(Generations(files, root_ + "/a/b").open().code, 73);
  std::ofstream(root_ + "/file") << "x";
  EXPECT_EQ(Generations(files, root_ + "/file").open().code, 73);
  ASSERT_EQ(::mkdir(directory_.c_str(), 0777), 0);
  ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
  EXPECT_EQ(Generations(files, directory_).open().code, 77);
}

TEST_F(GenerationsTest, TwoJobsCannotShareAFolder) {
  FileSystem files;
  Generations first(files, directory_), second(files, directory_);
  ASSERT_FALSE(first.open());
  const Problem problem = second.open();
  EXPECT_EQ(problem.code, 75);
  EXPECT_NE(problem.text.find("pid " + std::to_string(::getpid())), std::string::npos) << problem.text;
}

TEST_F(GenerationsTest, AManifestCutAnywhereIsRefused) {
  FileSystem files;
  Generations generations(files, directory_);
  ASSERT_FALSE(generations.open());
  ASSERT_FALSE(checkpoint(generations, 3, 2));
  const std::string path = generations.path_of(1) + "/MANIFEST.json";
  std::string text;
  ASSERT_EQ(files.read_file(path, &text), 0);
  Manifest manifest;
  ASSERT_FALSE(parse_manifest(text, path, &manifest));
  for (std::size_t size = 0; size + 2 < text.size(); ++size)
    EXPECT_EQ(parse_manifest(text.substr(0, size), path, &manifest).code, 65) << size;
  // A flipped bit is refused or changes a text; never a crash, never an image outside the folder.
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    if (parse_manifest(changed, path, &manifest))
      continue;
    for (const ImageEntry &entry : manifest.images)
      EXPECT_EQ(entry.file.find('/'), std::string::npos);
    EXPECT_EQ(manifest.images.size(), 3u);
  }
}
