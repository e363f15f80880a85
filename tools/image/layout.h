// Where things stand in an image, and whether that can be true. Pure: no I/O.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tools/image/image.h"

namespace mana::image {

// A run of pages with one protection: one PT_LOAD.
struct Segment {
  std::uint64_t address = 0, length = 0;
  std::uint64_t offset = 0;   // in the file; of no meaning when not stored
  std::uint32_t prot = 0;     // PROT_*
  bool stored = false;        // false: all zeros
};

struct Layout {
  std::uint64_t data_start = 0, data_end = 0;  // of the pages
  std::uint64_t notes_start = 0, notes_size = 0;
  std::uint64_t tail_size = 0;
  std::vector<Segment> segments;               // in order of address
  std::uint64_t file_size() const { return data_end + tail_size; }
};

constexpr std::uint64_t page_up(std::uint64_t value) { return (value + kPage - 1) & ~(kPage - 1); }

// Gives every stored segment its place in the file.
Layout make_layout(std::vector<Segment> segments, std::uint64_t notes_size);

// ELF header to the end of the notes, padded to data_start.
std::string head_of(const Layout &layout, std::string_view notes);

// `digests`: one for each stored segment. The last 16 bytes are the image's digest.
std::string tail_of(const Layout &layout, const Digest &head, const std::vector<Digest> &digests);

// Bytes of the file's start that hold the ELF header and, if there is one, the section header.
inline constexpr std::uint64_t kPrefix = 128;

// From the first kPrefix bytes of a file of `file_size` bytes: how many bytes hold all program headers.
Problem headers_size(std::string_view prefix, std::uint64_t file_size, std::uint64_t *size);

// From those bytes: everything. Afterwards head, data and tail are known to tile the file without gap or overlap, and
// the segments to be page-aligned, ascending and disjoint.
Problem parse_headers(std::string_view headers, std::uint64_t file_size, Layout *layout);

// Where the digests are wrong is the caller's business; this is about shape.
Problem parse_tail(std::string_view tail, const Layout &layout, Digest *head, std::vector<Digest> *digests);

// The description's numbers, and that regions hold the segments and lie where an upper half may be.
Problem check_description(const Description &description, const Layout &layout);

}  // namespace mana::image
