// Reading an image. Memory used: its head and 4 MiB, whatever the file claims about itself.
#pragma once
#include <string>
#include <vector>

#include "tools/image/layout.h"

namespace mana::image {

class Reader {
public:
  Reader() = default;
  ~Reader();
  Reader(const Reader &) = delete;
  Reader &operator=(const Reader &) = delete;

  // Opens a regular file of the caller's own (no symbolic link), and reads and checks everything but the
  // pages: afterwards every number in description() and layout() is in range.
  Problem open(const std::string &path);

  const Description &description() const { return description_; }
  const Layout &layout() const { return layout_; }
  const std::string &path() const { return path_; }
  // Over all other digests, hence over every byte of the file.
  Digest digest() const { return digest_; }

  // Reads the pages of layout().segments[index] to `to` and compares their digest. Any number of threads at once.
  Problem read_segment(std::size_t index, void *to) const;

  // Compares the digests of all pages.
  Problem verify_pages() const;

private:
  Problem open_file();
  Problem read_head();
  Problem read_tail();
  Problem read_description(std::string_view head);
  Problem read(void *to, std::uint64_t size, std::uint64_t offset) const;
  Problem named(Problem problem) const;

  std::string path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  Layout layout_;
  Description description_;
  Digest head_digest_, digest_;
  std::vector<Digest> digests_;          // of stored segments
  std::vector<std::size_t> digest_index_;  // by segment
};

// Checks every byte of the file at `path`. `digest`, if given, receives what the manifest should hold.
Problem verify(const std::string &path, Digest *digest = nullptr);

}  // namespace mana::image
