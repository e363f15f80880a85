// Pipes within the process, with what is in them. See file_kinds.h.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file_kinds.h"

namespace mana {

using image::FileKind;
using image::SavedFile;

namespace {

// Without taking it out: tee() copies references to the pipe's pages into a pipe of our own.
bool pipe_contents(int fd, std::string *contents) {
  int waiting = 0, copy[2];
  if (::ioctl(fd, FIONREAD, &waiting) != 0) return false;
  if (waiting == 0) return true;
  if (::pipe2(copy, O_NONBLOCK | O_CLOEXEC) != 0) return false;
  ::fcntl(copy[1], F_SETPIPE_SZ, ::fcntl(fd, F_GETPIPE_SZ));
  const ssize_t size = ::tee(fd, copy[1], 1 << 30, SPLICE_F_NONBLOCK);
  bool whole = size == waiting;
  if (whole) {
    contents->resize(static_cast<std::size_t>(size));
    whole = ::read(copy[0], contents->data(), contents->size()) == size;
  }
  ::close(copy[0]);
  ::close(copy[1]);
  return whole;
}

// Nobody anywhere has the other end.
bool other_end_is_closed(const SavedFile &file) {
  pollfd ready{file.fd, 0, 0};
  return ::poll(&ready, 1, 0) == 1 && (ready.revents & (POLLHUP | POLLERR));
}

bool is_pipe(const SavedFile &file) { return file.kind == FileKind::pipe_read || file.kind == FileKind::pipe_write; }

}  // namespace

Found describe_pipe(SavedFile *file, const Opened &opened, std::string *what) {
  if (!S_ISFIFO(opened.status.st_mode)) return Found::other;
  if (!opened.path.starts_with("pipe:")) {
    *what = "the FIFO " + image::printable(opened.path);
    return Found::lost;
  }
  *what = "a pipe";
  file->id = opened.status.st_ino;
  file->size = static_cast<std::uint64_t>(std::max(0, ::fcntl(file->fd, F_GETPIPE_SZ)));
  file->kind = (file->flags & O_ACCMODE) == O_WRONLY ? FileKind::pipe_write : FileKind::pipe_read;
  if (file->kind == FileKind::pipe_write) return Found::saved;
  if (!pipe_contents(file->fd, &file->contents)) return Found::lost;
  // Packets would come back joined.
  return (file->flags & O_DIRECT) && !file->contents.empty() ? Found::lost : Found::saved;
}

std::vector<int> drop_half_pipes(std::vector<SavedFile> *files) {
  std::vector<int> gone;
  std::vector<SavedFile> kept;
  for (SavedFile &file : *files) {
    const auto is_other_end = [&](const SavedFile &f) { return is_pipe(f) && f.kind != file.kind && f.id == file.id; };
    const bool half = is_pipe(file) && std::none_of(files->begin(), files->end(), is_other_end) && !other_end_is_closed(file);
    if (half)
      gone.push_back(file.fd);
  }
  for (SavedFile &file : *files) {
    const bool of_gone = file.kind == FileKind::duplicate && std::count(gone.begin(), gone.end(), file.same_as);
    if (of_gone) gone.push_back(file.fd);
    if (!std::count(gone.begin(), gone.end(), file.fd)) kept.push_back(std::move(file));
  }
  *files = std::move(kept);
  return gone;
}

// The first descriptor of a pipe makes it; the others open it again through that one.
int restore_pipe(const SavedFile &file, const std::vector<SavedFile> &files) {
  for (const SavedFile &earlier : files) {
    if (earlier.fd >= file.fd) break;
    if (!is_pipe(earlier) || earlier.id != file.id) continue;
    // Without O_NONBLOCK it would wait for a reader where there is none.
    const int fd = ::open(proc_fd(earlier.fd).c_str(), static_cast<int>((file.flags & O_ACCMODE) | O_NONBLOCK));
    if (fd >= 0) ::fcntl(fd, F_SETFL, file.flags & (kStatusFlags | O_DIRECT));
    return fd;
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | static_cast<int>(file.flags & O_DIRECT)) != 0) return -1;
  if (file.size) ::fcntl(ends[1], F_SETPIPE_SZ, file.size);
  for (const SavedFile &reader : files) {
    if (reader.kind != FileKind::pipe_read || reader.id != file.id || reader.contents.empty()) continue;
    if (::write(ends[1], reader.contents.data(), reader.contents.size()) != static_cast<ssize_t>(reader.contents.size()))
      return -1;
    break;
  }
  const int mine = file.kind == FileKind::pipe_write ? 1 : 0;
  ::fcntl(ends[mine], F_SETFL, file.flags & (kStatusFlags | O_DIRECT));
  // The contents stay as long as one end is open.
  ::close(ends[1 - mine]);
  return ends[mine];
}

}  // namespace mana
