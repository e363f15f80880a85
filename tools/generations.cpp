// See generations.h.
#include "tools/generations.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "tools/runtime_dir.h"

namespace mana {

namespace {

// "gen-12" + `suffix` gives 12; anything else 0.
std::uint64_t number_of(std::string_view name, std::string_view suffix = "") {
  constexpr std::string_view kPrefix = "gen-";
  if (!name.starts_with(kPrefix) || !name.ends_with(suffix) || name.size() <= kPrefix.size() + suffix.size())
    return 0;
  name = name.substr(kPrefix.size(), name.size() - kPrefix.size() - suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc{} && end == name.data() + name.size() ? number : 0;
}

// The coordinator of a job that has just ended may take a moment to go.
bool lock_patiently(int fd) {
  for (int i = 0; i < 100; ++i) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
      return true;
    if (errno != EWOULDBLOCK && errno != EINTR)
      return false;
    ::usleep(10000);
  }
  return false;
}

} // namespace

Generations::~Generations() {
  if (lock_ >= 0)
    ::close(lock_);
}

std::string Generations::path_of(std::uint64_t generation) const {
  return fmt::format("{}/gen-{}", directory_, generation);
}

Problem Generations::check_folder() {
  struct stat status;
  if (::stat(directory_.c_str(), &status) != 0)
    return file_problem("cannot use checkpoint directory", directory_, errno);
  const std::string name = image::printable(directory_);
  if (!S_ISDIR(status.st_mode))
    return {image::kCannotCreate, ENOTDIR, fmt::format("checkpoint directory {} is not a directory", name)};
  if (status.st_uid != ::geteuid())
    return {image::kNotAllowed, EPERM, fmt::format("checkpoint directory {} belongs to another user", name)};
  if (status.st_mode & (S_IWGRP | S_IWOTH))
    return {image::kNotAllowed, EPERM,
            fmt::format("checkpoint directory {} is writable by others (chmod go-w)", name)};
  return {};
}

Problem Generations::open() {
  const int error = files_.make_directory(directory_);
  if (error != 0 && error != EEXIST)
    return file_problem("cannot create checkpoint directory", directory_, error);
  if (Problem problem = check_folder())
    return problem;
  struct statvfs volume;
  if (::statvfs(directory_.c_str(), &volume) == 0 && (volume.f_flag & ST_RDONLY))
    return file_problem("cannot write to checkpoint directory", directory_, EROFS);
  if (::access(directory_.c_str(), W_OK | X_OK) != 0)
    return file_problem("cannot write to checkpoint directory", directory_, errno);
  if (Problem problem = lock())
    return problem;
  remove_leftovers();
  return {};
}

Problem Generations::lock() {
  const std::string path = directory_ + "/.lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0 && errno == ENOENT)
    return {image::kNotThere, ENOENT, fmt::format("no checkpoint in {}", image::printable(directory_))};
  if (lock_ < 0)
    return file_problem("cannot open", path, errno);
  char owner[300] = "";
  if (!lock_patiently(lock_)) {
    const ssize_t n = ::pread(lock_, owner, sizeof owner - 1, 0);
    owner[n > 0 ? n : 0] = 0;
    ::close(lock_);
    lock_ = -1;
    return {75, EBUSY,
            fmt::format("checkpoint directory {} is in use by a running job ({})", image::printable(directory_),
                        image::printable(owner))};
  }
  const std::string text = fmt::format("host {}, pid {}", host_name(), ::getpid());
  if (::ftruncate(lock_, 0) != 0 || ::pwrite(lock_, text.data(), text.size(), 0) < 0)
    return file_problem("cannot write", path, errno);
  return {};
}

void Generations::remove_leftovers() {
  std::vector<std::string> names;
  files_.list(directory_, &names);
  for (const std::string &name : names) {
    last_ = std::max(last_, number_of(name));
    if (number_of(name, ".partial") || number_of(name, ".removed"))
      files_.remove_tree(directory_ + "/" + name);
  }
}

std::vector<std::uint64_t> Generations::list() const {
  std::vector<std::string> names;
  std::vector<std::uint64_t> numbers;
  files_.list(directory_, &names);
  for (const std::string &name : names) {
    std::uint64_t bytes = 0;
    if (number_of(name) && files_.size_of(directory_ + "/" + name + "/MANIFEST.json", &bytes) == 0)
      numbers.push_back(number_of(name));
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

Problem Generations::read(std::uint64_t generation, Manifest *manifest) const {
  const std::string path = path_of(generation) + "/MANIFEST.json";
  std::string text;
  const int error = files_.read_file(path, &text);
  if (error != 0)
    return {image::kNotThere, error, fmt::format("cannot read {}: {}", image::printable(path), std::strerror(error))};
  if (Problem problem = parse_manifest(text, path, manifest))
    return problem;
  if (manifest->generation != generation)
    return {image::kDamaged, 0, fmt::format("{}: is of generation {}", image::printable(path), manifest->generation)};
  return {};
}

Problem Generations::begin(std::uint64_t *generation, std::string *path) {
  *generation = ++last_;
  *path = path_of(*generation) + ".partial";
  files_.remove_tree(*path);
  const int error = files_.make_directory(*path);
  return error == 0 ? Problem{} : file_problem("cannot create", *path, error);
}

Problem Generations::check_images(const Manifest &manifest, const std::string &partial) const {
  for (const ImageEntry &entry : manifest.images) {
    const std::string path = partial + "/" + entry.file;
    std::uint64_t bytes = 0;
    if (int error = files_.size_of(path, &bytes))
      return file_problem("cannot find image", path, error);
    if (bytes != entry.bytes)
      return {image::kIoError, 0,
              fmt::format("image {} has {} bytes and not {}", image::printable(path), bytes, entry.bytes)};
  }
  return {};
}

Problem Generations::publish(const Manifest &manifest) {
  const std::string name = path_of(manifest.generation), partial = name + ".partial";
  if (Problem problem = check_images(manifest, partial))
    return problem;
  if (int error = files_.write_file(partial + "/MANIFEST.json", to_json(manifest)))
    return file_problem("cannot write", partial + "/MANIFEST.json", error);
  if (int error = files_.sync_directory(partial))
    return file_problem("cannot sync", partial, error);
  if (int error = files_.rename(partial, name))
    return file_problem("cannot publish", name, error);
  // From here on the generation exists.
  if (int error = files_.sync_directory(directory_)) {
    files_.rename(name, partial);
    return file_problem("cannot sync", directory_, error);
  }
  return {};
}

Problem Generations::commit(const Manifest &manifest, int keep) {
  if (Problem problem = publish(manifest)) {
    abandon(manifest.generation);
    return problem;
  }
  // Nobody depends on LATEST, so its failure is not one of the checkpoint.
  const std::string latest = directory_ + "/LATEST";
  if (files_.write_file(latest + ".new", fmt::format("gen-{}\n", manifest.generation)) == 0 &&
      files_.rename(latest + ".new", latest) == 0)
    files_.sync_directory(directory_);
  remove_old(keep);
  return {};
}

void Generations::abandon(std::uint64_t generation) {
  files_.remove_tree(path_of(generation) + ".partial");
  if (generation == last_ && last_ > 0)
    --last_;
}

void Generations::remove_old(int keep) {
  const std::vector<std::uint64_t> all = list();
  for (std::size_t i = static_cast<std::size_t>(std::max(keep, 1)); i < all.size(); ++i) {
    const std::string name = path_of(all[i]);
    if (files_.rename(name, name + ".removed") == 0)
      files_.remove_tree(name + ".removed");
  }
}

} // namespace mana
