// The few operations on files that publish a generation. One seam, so that tests can let every single one of them
// fail, or be the last one that happened before a crash.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/image/image.h"

namespace mana {

using image::Problem;

class FileSystem {
public:
  virtual ~FileSystem() = default;
  // Results: 0 or an errno value.
  virtual int make_directory(const std::string &path);                         // mode 0700
  virtual int write_file(const std::string &path, const std::string &content); // 0600, fsynced; replaces
  virtual int rename(const std::string &from, const std::string &to);
  virtual int sync_directory(const std::string &path);
  virtual int remove_tree(const std::string &path);                   // 0 when there is none
  virtual int size_of(const std::string &path, std::uint64_t *bytes); // regular files only: EINVAL otherwise
  // At most 1 MiB, regular files only.
  virtual int read_file(const std::string &path, std::string *content);
  virtual int list(const std::string &path, std::vector<std::string> *names);
};

// "cannot create /a/b: No space left on device" with the exit code of FAILURES that fits `error`.
Problem file_problem(const std::string &what, const std::string &path, int error);

} // namespace mana
