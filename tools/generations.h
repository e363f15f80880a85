// Generations: how a checkpoint becomes visible whole or not at all.
//
//     mana-ckpt/
//       .lock                        flock of the job that owns the folder; "host pid" for messages
//       LATEST                       "gen-7\n": a hint for people and scripts
//       gen-7/                       complete: MANIFEST.json names every image with size and hash
//         MANIFEST.json  rank-0.mana  rank-1.mana
//       gen-6/                       the one before
//       gen-8.partial/               being written; ignored by restart, removed by the next job here
//       gen-5.removed/               being deleted, likewise
//
// The commit, each step made durable before the next:
//     1  images written and fsynced by the ranks into gen-N.partial
//     2  MANIFEST.json written, fsynced; gen-N.partial fsynced
//     3  rename gen-N.partial -> gen-N          <- from here on it exists
//     4  folder fsynced
//     5  LATEST replaced by rename, folder fsynced
//     6  older ones beyond `keep`: rename to .removed, delete
// A crash between any two leaves the old newest generation or the new one, whole. LATEST may then be one behind,
// therefore nobody believes it: restart takes the highest gen-N that verifies.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/filesystem.h"
#include "tools/manifest.h"

namespace mana {

class Generations {
public:
  // `directory` is absolute. The file system is borrowed.
  Generations(FileSystem &files, std::string directory) : files_(files), directory_(std::move(directory)) {}
  ~Generations();
  Generations(const Generations &) = delete;
  Generations &operator=(const Generations &) = delete;

  // Creates the folder if it is not there, checks that it is ours and writable by us alone (73, 77), locks it (75
  // with host and pid), removes what a crash has left.
  Problem open();

  // Takes the lock of a folder that must exist (66), and nothing else. The lock ends with the object.
  Problem lock();

  // Generations with a readable manifest, newest first. Needs no lock.
  std::vector<std::uint64_t> list() const;
  Problem read(std::uint64_t generation, Manifest *manifest) const;

  // Makes gen-N.partial for the next number and tells its path.
  Problem begin(std::uint64_t *generation, std::string *path);

  // Steps 2-5, then 6. After a problem the generation does not exist. A failure to remove old ones is none.
  Problem commit(const Manifest &manifest, int keep);

  // Removes gen-N.partial; the number may be used again.
  void abandon(std::uint64_t generation);

  const std::string &directory() const { return directory_; }
  std::string path_of(std::uint64_t generation) const;

private:
  Problem check_folder();
  Problem check_images(const Manifest &manifest, const std::string &partial) const;
  Problem publish(const Manifest &manifest);
  void remove_leftovers();
  void remove_old(int keep);

  FileSystem &files_;
  std::string directory_;
  int lock_ = -1;
  std::uint64_t last_ = 0; // highest number ever used here
};

} // namespace mana
