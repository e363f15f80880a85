// Writing an image: one pass from front to back, in blocks of 4 MiB, past the page cache where the file
// system can do that (B of the same size costs a quarter of the processor time that buffered writes take).
#pragma once
#include <string>
#include <vector>

#include "tools/image/core_notes.h"
#include "tools/image/layout.h"

namespace mana::image {

// The pages of segments, which need not be mapped where the image says (tests; memory that may not be read).
class Memory {
public:
  virtual ~Memory() = default;
  // `size` bytes at `address`, page-aligned, which stay as they are until the image is written; null: use copy().
  virtual const void *direct(std::uint64_t address, std::uint64_t size) = 0;
  virtual bool copy(std::uint64_t address, std::uint64_t size, void *to) = 0;
};

struct Written {
  std::uint64_t bytes = 0;
  Digest digest;  // Reader::digest()
};

// Cuts segments that are longer than kMaxSegment.
std::vector<Segment> split_long(const std::vector<Segment> &segments);

// Creates `path` (mode 0600; must not exist) and returns when it is on the disk. `segments` are ascending, disjoint and at
// most kMaxSegment long where stored; their offsets are filled here. On a Problem no file is left behind.
// A full disk, a quota or a size limit is a Problem with the bytes needed and free; the caller blocks SIGXFSZ.
Problem write_image(const std::string &path, const Description &description, const Process &process,
                    std::vector<Segment> segments, Memory &memory, Written *written);

}  // namespace mana::image
