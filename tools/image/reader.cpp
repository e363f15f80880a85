// See reader.h.
#include "tools/image/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "tools/image/core_notes.h"
#include "tools/image/digest.h"
#include "tools/protocol.h"

namespace mana::image {

namespace {

constexpr std::size_t kBlock = 4u << 20;

Problem damaged(std::uint64_t offset, const std::string &what) {
  return {kDamaged, 0, "damaged at offset " + std::to_string(offset) + ": " + what};
}

}  // namespace

Reader::~Reader() {
  if (fd_ >= 0) ::close(fd_);
}

Problem Reader::named(Problem problem) const {
  if (problem) problem.text = printable(path_) + ": " + problem.text;
  return problem;
}

Problem Reader::open(const std::string &path) {
  path_ = path;
  if (Problem problem = open_file()) return named(problem);
  if (Problem problem = read_head()) return named(problem);
  return {};
}

// O_NONBLOCK: a FIFO in the image's place must not make us wait.
Problem Reader::open_file() {
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd_ < 0) {
    const int error = errno;
    if (error == ELOOP) return {kNotAllowed, error, "is a symbolic link"};
    const int code = error == ENOENT || error == ENOTDIR ? kNotThere : error == EACCES ? kNotAllowed : kIoError;
    return {code, error, std::strerror(error)};
  }
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return {kIoError, errno, std::strerror(errno)};
  if (!S_ISREG(status.st_mode)) return {kDamaged, 0, "is not a regular file"};
  if (status.st_uid != ::geteuid())
    return {kNotAllowed, 0, "belongs to user " + std::to_string(status.st_uid) + ", not to you"};
  size_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

Problem Reader::read(void *to, std::uint64_t size, std::uint64_t offset) const {
  auto *at = static_cast<char *>(to);
  while (size > 0) {
    const ssize_t n = ::pread(fd_, at, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {kIoError, errno, "reading at offset " + std::to_string(offset) + ": " + std::strerror(errno)};
    if (n == 0) return damaged(offset, "the file ends here");
    at += n, offset += static_cast<std::uint64_t>(n), size -= static_cast<std::uint64_t>(n);
  }
  return {};
}

Problem Reader::read_head() {
  std::string prefix(std::min<std::uint64_t>(kPrefix, size_), '\0');
  if (Problem problem = read(prefix.data(), prefix.size(), 0)) return problem;
  std::uint64_t headers = 0;
  if (Problem problem = headers_size(prefix, size_, &headers)) return problem;
  std::string head(headers, '\0');
  if (Problem problem = read(head.data(), head.size(), 0)) return problem;
  if (Problem problem = parse_headers(head, size_, &layout_)) return problem;
  if (Problem problem = read_tail()) return problem;

  head.resize(layout_.data_start);
  if (Problem problem = read(head.data() + headers, head.size() - headers, headers)) return problem;
  if (digest_of(head.data(), head.size()) != head_digest_)
    return damaged(0, "headers and notes (up to offset " + std::to_string(layout_.data_start) + ") do not match their digest");
  return read_description(head);
}

Problem Reader::read_tail() {
  std::string tail(layout_.tail_size, '\0');
  if (Problem problem = read(tail.data(), tail.size(), layout_.data_end)) return problem;
  const std::size_t covered = tail.size() - sizeof digest_;
  std::memcpy(&digest_, tail.data() + covered, sizeof digest_);
  if (digest_of(tail.data(), covered) != digest_)
    return damaged(layout_.data_end, "the table of digests does not match its own digest");
  if (Problem problem = parse_tail(tail, layout_, &head_digest_, &digests_)) return problem;
  std::size_t stored = 0;
  for (const Segment &segment : layout_.segments) digest_index_.push_back(segment.stored ? stored++ : 0);
  return {};
}

Problem Reader::read_description(std::string_view head) {
  const std::string_view notes = head.substr(layout_.notes_start, layout_.notes_size);
  std::string_view payload;
  if (!find_note(notes, kOwner, kNoteDescription, &payload) || payload.size() < 8)
    return damaged(layout_.notes_start, "the note that describes the process is missing");
  std::uint32_t versions[2];
  std::memcpy(versions, payload.data(), sizeof versions);
  if (versions[0] != kFormatVersion)
    return {kDamaged, 0, "has image format " + std::to_string(versions[0]) + "; this mana reads format " +
                             std::to_string(kFormatVersion)};
  if (versions[1] != kSeamVersion)
    return {kDamaged, 0, "was written with seam version " + std::to_string(versions[1]) + "; this mana has version " +
                             std::to_string(kSeamVersion)};
  wire::Decoder decoder(payload);
  description_.fields(decoder);
  if (!decoder.finished()) return damaged(layout_.notes_start, "the note that describes the process does not decode");
  return check_description(description_, layout_);
}

Problem Reader::read_segment(std::size_t index, void *to) const {
  const Segment &segment = layout_.segments[index];
  Digester digester;
  for (std::uint64_t done = 0; done < segment.length;) {
    const std::uint64_t size = std::min<std::uint64_t>(kBlock, segment.length - done);
    if (Problem problem = read(static_cast<char *>(to) + done, size, segment.offset + done)) return named(problem);
    digester.add(static_cast<char *>(to) + done, size);
    done += size;
  }
  if (digester.result() != digests_[digest_index_[index]])
    return named(damaged(segment.offset, std::to_string(segment.length) + " bytes do not match their digest"));
  return {};
}

Problem Reader::verify_pages() const {
  ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  const std::unique_ptr<char[]> block(new char[kBlock]);
  Digester digester;
  for (std::size_t i = 0; i < layout_.segments.size(); ++i) {
    const Segment &segment = layout_.segments[i];
    if (!segment.stored) continue;
    digester.reset();
    for (std::uint64_t done = 0; done < segment.length;) {
      const std::uint64_t size = std::min<std::uint64_t>(kBlock, segment.length - done);
      if (Problem problem = read(block.get(), size, segment.offset + done)) return named(problem);
      digester.add(block.get(), size);
      done += size;
    }
    if (digester.result() != digests_[digest_index_[i]])
      return named(damaged(segment.offset, std::to_string(segment.length) + " bytes do not match their digest"));
  }
  return {};
}

Problem verify(const std::string &path, Digest *digest) {
  Reader reader;
  if (Problem problem = reader.open(path)) return problem;
  if (Problem problem = reader.verify_pages()) return problem;
  if (digest) *digest = reader.digest();
  return {};
}

}  // namespace mana::image
