// See writer.h.
//
// The application's pages go to the disk without being copied: segments are page-aligned in memory and in the file,
// which is all that O_DIRECT asks for. Hashing a block (0.5 ms) is overlapped with writing the one before it
// (2-7 ms) by a second thread: on the wall the digests cost nothing.
#include "tools/image/writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <system_error>
#include <utility>

#include "tools/image/digest.h"
#include "tools/protocol.h"

namespace mana::image {

namespace {

constexpr std::uint64_t kBlock = 4u << 20;
constexpr std::size_t kMaxPieces = 512;

// Page-aligned memory of kBlock bytes for what cannot be written from where it is.
class Bounce {
public:
  Bounce() : data_(static_cast<char *>(std::aligned_alloc(kPage, kBlock))) {}
  ~Bounce() { std::free(data_); }
  Bounce(const Bounce &) = delete;
  Bounce &operator=(const Bounce &) = delete;
  char *at(std::uint64_t offset) { return data_ + offset; }

private:
  char *data_;
};

class File {
public:
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int create(const std::string &path) {
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd_ < 0 ? errno : 0;
  }
  void direct(bool on) { ::fcntl(fd_, F_SETFL, on ? O_DIRECT : 0); }
  int fd() const { return fd_; }
  int sync() { return ::fsync(fd_) != 0 ? errno : 0; }
  int close() {
    const int result = fd_ >= 0 ? ::close(std::exchange(fd_, -1)) : 0;
    return result != 0 && errno != EINTR ? errno : 0;
  }
  // Appends all of `pieces` (which are used up).
  int append(std::vector<iovec> &pieces) {
    std::size_t first = 0;
    while (first < pieces.size()) {
      const ssize_t n = ::pwritev(fd_, &pieces[first], static_cast<int>(pieces.size() - first), offset_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EINVAL && (::fcntl(fd_, F_GETFL) & O_DIRECT)) {
        direct(false);  // this file system cannot, or not from this memory
        continue;
      }
      if (n <= 0) return n < 0 ? errno : EIO;
      offset_ += n;
      auto left = static_cast<std::size_t>(n);
      while (first < pieces.size() && left >= pieces[first].iov_len) left -= pieces[first++].iov_len;
      if (left == 0) continue;
      pieces[first].iov_base = static_cast<char *>(pieces[first].iov_base) + left;
      pieces[first].iov_len -= left;
    }
    return 0;
  }
  int append(std::string &bytes) {
    std::vector<iovec> piece = {{bytes.data(), bytes.size()}};
    return append(piece);
  }

private:
  int fd_ = -1;
  off_t offset_ = 0;
};

// Up to kBlock bytes that stand one after the other in the file.
struct Block {
  Bounce bounce;
  std::vector<iovec> pieces;
  std::uint64_t size = 0;
  void clear() { pieces.clear(), size = 0; }
  bool full() const { return size == kBlock || pieces.size() == kMaxPieces; }
};

// Cuts the stored segments into blocks and hashes them on the way.
class Blocks {
public:
  Blocks(const Layout &layout, Memory &memory) : segments_(layout.segments), memory_(memory) {}
  // Fills `block`; an empty one is the end. Returns an errno value.
  int next(Block *block) {
    block->clear();
    while (!block->full() && index_ < segments_.size()) {
      const Segment &segment = segments_[index_];
      if (!segment.stored) {
        ++index_;
        continue;
      }
      const std::uint64_t size = std::min(segment.length - done_, kBlock - block->size);
      const void *data = memory_.direct(segment.address + done_, size);
      if (!data) {
        data = block->bounce.at(block->size);
        if (!memory_.copy(segment.address + done_, size, const_cast<void *>(data))) return EFAULT;
      }
      block->pieces.push_back({const_cast<void *>(data), size});
      block->size += size;
      hash(data, size, segment.length);
    }
    return 0;
  }
  const std::vector<Digest> &digests() const { return digests_; }

private:
  void hash(const void *data, std::uint64_t size, std::uint64_t length) {
    digester_.add(data, size);
    done_ += size;
    if (done_ < length) return;
    digests_.push_back(digester_.result());
    digester_.reset();
    done_ = 0;
    ++index_;
  }
  const std::vector<Segment> &segments_;
  Memory &memory_;
  std::size_t index_ = 0;
  std::uint64_t done_ = 0;
  Digester digester_;
  std::vector<Digest> digests_;
};

int write_pages(File &file, Blocks &blocks) {
  Block pair[2];
  file.direct(true);
  std::future<int> writing;
  int error = 0;
  for (int i = 0; error == 0; i ^= 1) {
    error = blocks.next(&pair[i]);
    if (writing.valid()) {
      const int written = writing.get();
      if (error == 0) error = written;
    }
    if (error != 0 || pair[i].size == 0) break;
    const auto append = [&file, &block = pair[i]] { return file.append(block.pieces); };
    try {
      writing = std::async(std::launch::async, append);
    } catch (const std::system_error &) {  // no more threads here: one thing after the other
      writing = std::async(std::launch::deferred, append);
    }
  }
  file.direct(false);
  return error;
}

std::string encoded(const Description &description) {
  std::string out;
  wire::Encoder encoder(out);
  const_cast<Description &>(description).fields(encoder);
  return out;
}

Problem failed(const std::string &path, int error, std::uint64_t needed) {
  std::string text = "cannot write " + printable(path) + ": " + std::strerror(error);
  const std::string folder = path.substr(0, path.find_last_of('/') + 1);
  struct statvfs fs {};
  if ((error == ENOSPC || error == EDQUOT || error == EFBIG) && ::statvfs(folder.empty() ? "." : folder.c_str(), &fs) == 0)
    text += " (" + std::to_string(needed) + " bytes needed, " + std::to_string(fs.f_bavail * fs.f_frsize) + " free)";
  return {kIoError, error, text};
}

int write_all(File &file, const Layout &layout, const std::string &notes, Memory &memory, Written *written) {
  std::string head = head_of(layout, notes);
  const Digest head_digest = digest_of(head.data(), head.size());
  if (int error = file.append(head)) return error;
  Blocks blocks(layout, memory);
  if (int error = write_pages(file, blocks)) return error;
  std::string tail = tail_of(layout, head_digest, blocks.digests());
  std::memcpy(&written->digest, tail.data() + tail.size() - sizeof(Digest), sizeof(Digest));
  if (int error = file.append(tail)) return error;
  written->bytes = layout.file_size();
  if (int error = file.sync()) return error;
  return file.close();
}

}  // namespace

std::vector<Segment> split_long(const std::vector<Segment> &segments) {
  std::vector<Segment> out;
  for (Segment segment : segments) {
    while (segment.stored && segment.length > kMaxSegment) {
      Segment first = segment;
      first.length = kMaxSegment;
      out.push_back(first);
      segment.address += kMaxSegment;
      segment.length -= kMaxSegment;
    }
    out.push_back(segment);
  }
  return out;
}

Problem write_image(const std::string &path, const Description &description, const Process &process,
                    std::vector<Segment> segments, Memory &memory, Written *written) {
  std::string notes = core_notes(process, description.regions);
  append_note(&notes, kOwner, kNoteDescription, encoded(description));
  if (notes.size() > kMaxNotes) return {kInternal, 0, "the process has too many mappings for an image"};
  const Layout layout = make_layout(std::move(segments), notes.size());

  File file;
  if (int error = file.create(path)) return failed(path, error, layout.file_size());
  if (int error = write_all(file, layout, notes, memory, written)) {
    file.close();
    ::unlink(path.c_str());  // its space is free again, as the message will say
    return failed(path, error, layout.file_size());
  }
  return {};
}

}  // namespace mana::image
