// Where the functions of a mapped ELF file begin and end: what unwinders know of it (.eh_frame_hdr, .eh_frame: Linux Standard Base 5.0
// core, "Exception Frames"), which stripped files have as well.
//
// Code without such rules (assembly by hand) lies between the functions; there only that is known.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mana {

// Addresses in the mapping.
struct Function {
  const unsigned char *start = nullptr, *end = nullptr;
};

// One file at a time: the caller holds the allocator's lock. No libc.
class Functions {
public:
  // `fd` is mapped executable in [start, end), from the file's byte `offset` on. False: it is no ELF file for this processor.
  bool open(int fd, std::uintptr_t start, std::uintptr_t end, std::uint64_t offset);
  void close();

  // The file's own code in the mapping. Old linkers put data into the same segment, of which sections tell; bytes behind the segment are
  // in its last page, but never run.
  const unsigned char *code_start() const { return code_start_; }
  const unsigned char *code_end() const { return code_end_; }

  // The function that `at` is in. False: none. Then *before and *after are the nearest, with null for none; all null when nothing is known.
  bool find(const unsigned char *at, Function *found, Function *before, Function *after) const;

  std::uint64_t count() const { return count_; }
  // In order of their starts. False: nothing is known of it.
  bool function(std::uint64_t index, Function *found) const;

private:
  void leave_out_data(int fd);
  bool map_table(int fd, std::uint64_t offset, std::uint64_t bytes);
  bool read_table(std::uint64_t address);
  const unsigned char *in_table(std::uint64_t address, std::uint64_t bytes) const;
  const unsigned char *in_memory(std::uint64_t address) const { return reinterpret_cast<const unsigned char *>(address + bias_); }

  std::uint64_t bias_ = 0; // of the mapping over the file's addresses
  const unsigned char *code_start_ = nullptr, *code_end_ = nullptr;
  std::uint64_t table_ = 0, table_address_ = 0, table_bytes_ = 0; // the segment with both sections, mapped once more
  std::uint64_t header_address_ = 0, entries_ = 0, count_ = 0;
};

} // namespace mana
