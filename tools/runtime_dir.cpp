// See runtime_dir.h.
#include "tools/runtime_dir.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/protocol.h"

namespace mana {

namespace {

std::string job_path(const std::string &folder, const std::string &id, const char *suffix) {
  return folder + "/job-" + id + suffix;
}

bool read_job(const std::string &path, Job *job) {
  std::string text;
  FileSystem files;
  if (files.read_file(path, &text) != 0)
    return false;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object())
    return false;
  try {
    job->id = json.at("id").get<std::string>();
    job->pid = json.at("pid").get<int>();
    job->host = json.at("host").get<std::string>();
    job->socket = json.at("socket").get<std::string>();
    job->checkpoint_directory = json.at("checkpoint_directory").get<std::string>();
    job->command = json.at("command").get<std::string>();
    job->started = json.at("started").get<std::string>();
    return true;
  } catch (const nlohmann::json::exception &) {
    return false;
  }
}

} // namespace

Problem runtime_directory(std::string *path) {
  const char *base = std::getenv("XDG_RUNTIME_DIR");
  *path = base != nullptr && base[0] == '/' ? std::string(base) + "/mana" : fmt::format("/tmp/mana-{}", ::geteuid());
  if (::mkdir(path->c_str(), 0700) != 0 && errno != EEXIST)
    return file_problem("cannot create", *path, errno);
  struct stat status;
  if (::lstat(path->c_str(), &status) != 0)
    return file_problem("cannot use", *path, errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid())
    return {image::kNotAllowed, EPERM,
            fmt::format("{} is not a folder of ours: somebody else has made it; remove it or set XDG_RUNTIME_DIR",
                        *path)};
  if ((status.st_mode & 0077) != 0)
    return {image::kNotAllowed, EPERM, fmt::format("{} is open to others (chmod 700 it)", *path)};
  return {};
}

Problem write_job(const std::string &folder, const Job &job) {
  const nlohmann::json json = {{"id", job.id},
                               {"pid", job.pid},
                               {"host", job.host},
                               {"socket", job.socket},
                               {"checkpoint_directory", job.checkpoint_directory},
                               {"command", job.command},
                               {"started", job.started}};
  const std::string path = job_path(folder, job.id, ".json");
  const std::string text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  FileSystem files;
  int error = files.write_file(path + ".new", text);
  if (error == 0)
    error = files.rename(path + ".new", path);
  return error == 0 ? Problem{} : file_problem("cannot write", path, error);
}

void remove_job(const std::string &folder, const std::string &id) {
  for (const char *suffix : {".json", ".json.new", ".sock", ".token"})
    ::unlink(job_path(folder, id, suffix).c_str());
}

std::vector<Job> list_jobs(const std::string &folder) {
  FileSystem files;
  std::vector<std::string> names;
  std::vector<Job> jobs;
  files.list(folder, &names);
  for (const std::string &name : names) {
    Job job;
    if (!name.starts_with("job-") || !name.ends_with(".json") || !read_job(folder + "/" + name, &job))
      continue;
    const int fd = wire::connect_to(job.socket);
    if (fd >= 0) {
      ::close(fd);
      jobs.push_back(job);
    } else if (job.host == host_name() && name == "job-" + job.id + ".json") {
      remove_job(folder, job.id);
    }
  }
  return jobs;
}

std::string random_token() {
  unsigned char bytes[16];
  while (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
  }
  std::string text;
  for (unsigned char byte : bytes)
    text += fmt::format("{:02x}", byte);
  return text;
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string libexec_directory() {
  char path[PATH_MAX] = "";
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path - 1);
  std::string folder(path, n > 0 ? static_cast<std::size_t>(n) : 0);
  for (int i = 0; i < 2; ++i)
    folder.erase(std::min(folder.find_last_of('/'), folder.size()));
  return folder + "/libexec/mana";
}

} // namespace mana
