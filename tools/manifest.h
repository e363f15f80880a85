// MANIFEST.json of a generation: what belongs to it and how the job had been started.
//
//   { "format": 1, "generation": 3, "ranks": 2, "backend": "openmpi", "front": "openmpi", "host": "node1",
//     "created": "2024-05-01T12:00:00Z", "launcher": ["mpirun", "-n", "2"], "command": ["mpirun", "-n", "2",
//     "./app"], "protocol_version": 1, "seam_version": 1, "image_version": 1, "images": [ { "rank": 0, "file":
//     "rank-0.mana", "bytes": 4096, "hash": "32 hex digits", "warnings": [] }, ... ] }
//
// Strings that are not UTF-8 (arguments may be any bytes) stand as {"hex": "..."}. Read as untrusted: everything that
// does not fit is refused with a sentence.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/filesystem.h"

namespace mana {

inline constexpr int kManifestFormat = 1;
inline constexpr int kMaxRanks = 1 << 20;

struct ImageEntry {
  int rank = -1;
  std::string file;
  std::uint64_t bytes = 0;
  image::Digest hash;
  std::vector<std::string> warnings;
};

struct Manifest {
  std::uint64_t generation = 0;
  std::string backend, front, host, created;
  std::vector<std::string> launcher; // with its options, without the program; empty: the program was started alone
  std::vector<std::string> command;  // everything as the user gave it
  std::string working_directory;
  std::vector<ImageEntry> images; // in order of ranks, complete
};

std::string to_json(const Manifest &manifest);

// `path` is for messages: 65 with what is wrong.
Problem parse_manifest(const std::string &text, const std::string &path, Manifest *manifest);

const char *
mpi_name(std::uint32_t number); // LowerServices::backend, UpperServices::front: "openmpi", "mpich", "unknown"

} // namespace mana
