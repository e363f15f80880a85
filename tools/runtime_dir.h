// Where coordinators are found: a folder of the user's own, $XDG_RUNTIME_DIR/mana or /tmp/mana-UID.
//
//     job-<id>.sock    the coordinator's socket
//     job-<id>.json    { "id", "pid", "host", "socket", "checkpoint_directory", "command", "started" }; no secrets
//     job-<id>.token   what a rank must present; only where ranks cannot inherit it (mana_coordinator)
//
// The folder is 0700 and owned by us, or it is refused (77): whoever else can write there could be our coordinator.
#pragma once
#include <string>
#include <vector>

#include "tools/filesystem.h"

namespace mana {

struct Job {
  std::string id, socket, host, checkpoint_directory, command, started;
  int pid = 0;
};

Problem runtime_directory(std::string *path);

Problem write_job(const std::string &folder, const Job &job);
void remove_job(const std::string &folder, const std::string &id);

// All jobs of this user on this host. The files of jobs whose coordinator no longer answers are removed.
std::vector<Job> list_jobs(const std::string &folder);

// 32 hex digits from the kernel's random numbers.
std::string random_token();

std::string host_name();
std::string utc_now(); // "2024-05-01T12:00:00Z"

// Folders of this installation, found from the running program: <prefix>/bin/tool -> <prefix>/libexec/mana.
std::string libexec_directory();

} // namespace mana
