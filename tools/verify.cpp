// See verify.h.
#include "tools/verify.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "tools/image/reader.h"

namespace mana {

namespace {

// What this processor does not have of what the image's had.
Problem check_processor(const image::Description &description) {
  const std::vector<std::string> here = image::cpu_features();
  std::string missing;
  for (const std::string &feature : description.cpu_features)
    if (std::find(here.begin(), here.end(), feature) == here.end())
      missing.append(" ").append(image::printable(feature));
  if (missing.empty())
    return {};
  return {image::kHostUnfit, 0, fmt::format("this processor lacks what the program may be using:{}", missing)};
}

Problem verify_image(const std::string &folder, const Manifest &manifest, const ImageEntry &entry) {
  const std::string path = folder + "/" + entry.file;
  const std::string shown = image::printable(path);
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0)
    return {image::kNotThere, errno, fmt::format("{} is not there", shown)};
  if (S_ISLNK(status.st_mode))
    return {image::kNotAllowed, ELOOP, fmt::format("{} is a symbolic link", shown)};
  if (!S_ISREG(status.st_mode))
    return {image::kDamaged, 0, fmt::format("{} is not a regular file", shown)};
  if (static_cast<std::uint64_t>(status.st_size) != entry.bytes)
    return {image::kDamaged, 0,
            fmt::format("{} has {} bytes, the manifest says {}", shown, status.st_size, entry.bytes)};
  image::Reader reader;
  if (Problem problem = reader.open(path))
    return problem;
  if (reader.digest() != entry.hash)
    return {image::kDamaged, 0, fmt::format("{} is not the image of the manifest", shown)};
  const image::Description &description = reader.description();
  if (description.rank != entry.rank || description.size != static_cast<int>(manifest.images.size()))
    return {image::kDamaged, 0,
            fmt::format("{} is of rank {} of {}, the manifest says {} of {}", shown, description.rank,
                        description.size, entry.rank, manifest.images.size())};
  if (Problem problem = check_processor(description))
    return problem;
  return reader.verify_pages();
}

} // namespace

Problem verify_generation(const std::string &folder, const Manifest &manifest) {
  std::vector<Problem> problems(manifest.images.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; (i = next++) < manifest.images.size();)
      problems[i] = verify_image(folder, manifest, manifest.images[i]);
  };
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min<std::size_t>(cores, manifest.images.size()); ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();
  for (const Problem &problem : problems)
    if (problem)
      return problem;
  return {};
}

} // namespace mana
