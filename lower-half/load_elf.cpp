// The loader: the part of the kernel's binfmt_elf that a new program needs.
//
// The whole span of an ET_DYN file is found first and every segment mapped over it, so that distances inside stay
// as linked; gaps stay unmapped but are set aside. ET_EXEC goes where it is linked, in the low area
// (window.h). A static ET_EXEC program is refused: it makes its system calls at 0x400000, where the net must not
// trap (children inherit it), so its memory would be scattered unseen. A static PIE works: it is in the window.
#include "load_elf.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <vector>

#include "library_path.h"
#include "patch.h"
#include "syscall_net.h"
#include "report.h"
#include "window.h"

namespace mana {

namespace {

class File {
public:
  explicit File(const std::string &path) : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0)
      refuse_errno(126, "%s: cannot open it to load it", path.c_str());
  }
  ~File() { close(fd_); }
  File(const File &) = delete;
  int fd() const { return fd_; }
  const char *name() const { return path_.c_str(); }
  std::uint64_t size() const {
    struct stat status;
    if (fstat(fd_, &status) != 0)
      refuse_errno(126, "%s: cannot load it", name());
    return static_cast<std::uint64_t>(status.st_size);
  }
  void read(void *to, std::size_t bytes, std::uint64_t offset) const {
    if (pread(fd_, to, bytes, static_cast<off_t>(offset)) != static_cast<ssize_t>(bytes))
      refuse(126, "%s: damaged: cannot read %zu bytes at offset %llu", name(), bytes,
             static_cast<unsigned long long>(offset));
  }

private:
  std::string path_;
  int fd_;
};

std::vector<Elf64_Phdr> program_headers(const File &file, const Elf64_Ehdr &header) {
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > 512)
    refuse(126, "%s: damaged program headers", file.name());
  std::vector<Elf64_Phdr> headers(header.e_phnum);
  file.read(headers.data(), headers.size() * sizeof(Elf64_Phdr), header.e_phoff);
  return headers;
}

int protection(const Elf64_Phdr &segment) {
  return (segment.p_flags & PF_R ? PROT_READ : 0) | (segment.p_flags & PF_W ? PROT_WRITE : 0) |
         (segment.p_flags & PF_X ? PROT_EXEC : 0);
}

void map_fixed(const File &file, std::uint64_t start, std::uint64_t bytes, int prot, int flags, int fd,
               std::uint64_t offset) {
  void *got = mmap(reinterpret_cast<void *>(start), bytes, prot, MAP_PRIVATE | MAP_FIXED_NOREPLACE | flags, fd,
                   static_cast<off_t>(offset));
  if (got != reinterpret_cast<void *>(start))
    refuse_errno(78, "%s: cannot map %#llx bytes at %#llx", file.name(), static_cast<unsigned long long>(bytes),
                 static_cast<unsigned long long>(start));
}

void map_segment(const File &file, const Elf64_Phdr &segment, std::uint64_t bias) {
  const std::uint64_t start = bias + segment.p_vaddr;
  const std::uint64_t file_end = start + segment.p_filesz, memory_end = start + segment.p_memsz;
  const std::uint64_t page = page_down(start);
  const int prot = protection(segment);
  if (segment.p_filesz) {
    const std::uint64_t offset = segment.p_offset - (start - page);
    map_fixed(file, page, page_up(file_end) - page, prot, 0, file.fd(), offset);
    if ((prot & PROT_EXEC) &&
        !patch_file_mapping(page, page_up(file_end) - page, static_cast<std::uint64_t>(prot), file.fd(), offset))
      syscall_net_need();
  }
  if (memory_end <= file_end)
    return;
  const std::uint64_t fresh = segment.p_filesz ? page_up(file_end) : page;
  if ((prot & PROT_WRITE) && fresh > file_end && segment.p_filesz)
    std::memset(reinterpret_cast<void *>(file_end), 0, fresh - file_end); // ld.so's first malloc uses the whole page
  if (prot & PROT_EXEC)
    syscall_net_need();
  if (page_up(memory_end) > fresh)
    map_fixed(file, fresh, page_up(memory_end) - fresh, prot, MAP_ANONYMOUS, -1, 0);
}

struct Span {
  std::uint64_t low = ~std::uint64_t{0}, high = 0, align = kPageSize;
};

Span span_of(const File &file, const std::vector<Elf64_Phdr> &headers) {
  const std::uint64_t size = file.size();
  Span span;
  for (const Elf64_Phdr &header : headers) {
    if (header.p_type != PT_LOAD)
      continue;
    if (header.p_memsz < header.p_filesz || header.p_vaddr + header.p_memsz < header.p_vaddr ||
        header.p_vaddr % kPageSize != header.p_offset % kPageSize || header.p_offset > size ||
        header.p_filesz > size - header.p_offset)
      refuse(126, "%s: damaged or cut short", file.name());
    span.low = std::min(span.low, page_down(header.p_vaddr));
    span.high = std::max(span.high, page_up(header.p_vaddr + header.p_memsz));
    if ((header.p_align & (header.p_align - 1)) == 0)
      span.align = std::max(span.align, header.p_align);
  }
  if (span.high <= span.low || span.high - span.low > kTiB / 2)
    refuse(126, "%s: nothing to load in it", file.name());
  return span;
}

// Where the file's lowest page goes; taken from the allocator.
std::uint64_t place(const File &file, const Elf64_Ehdr &header, const Span &span) {
  const std::uint64_t bytes = span.high - span.low;
  const bool fixed = header.e_type == ET_EXEC;
  const std::uint64_t start = fixed ? span.low : window_find(bytes, span.align, Place::file);
  if (!start || !window_contains(start, start + bytes) || !window_is_free(start, start + bytes))
    refuse(78, "%s: no room for it at %#llx", file.name(), static_cast<unsigned long long>(start));
  window_take(start, start + bytes);
  return start;
}

void read_dynamic(LoadedElf &elf, const Elf64_Phdr &header) {
  const auto *entries = reinterpret_cast<const Elf64_Dyn *>(elf.bias + header.p_vaddr);
  const char *strings = nullptr;
  bool rpath = false, runpath = false;
  for (const Elf64_Dyn *entry = entries; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_STRTAB)
      strings = reinterpret_cast<const char *>(elf.bias + entry->d_un.d_ptr);
    rpath |= entry->d_tag == DT_RPATH;
    runpath |= entry->d_tag == DT_RUNPATH;
  }
  elf.ignores_library_path = rpath && !runpath;
  for (const Elf64_Dyn *entry = entries; strings && entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag != DT_NEEDED)
      continue;
    const std::string needed = strings + entry->d_un.d_val;
    if (std::find(std::begin(kMpiLibraries), std::end(kMpiLibraries), needed) != std::end(kMpiLibraries))
      elf.mpi_library = needed;
  }
}

void read_header(LoadedElf &elf, const File &file, const Elf64_Ehdr &elf_header, const Elf64_Phdr &header) {
  switch (header.p_type) {
  case PT_INTERP:
    if (header.p_filesz == 0 || header.p_filesz > 4096)
      refuse(126, "%s: damaged interpreter name", file.name());
    elf.interpreter.resize(header.p_filesz);
    file.read(elf.interpreter.data(), header.p_filesz, header.p_offset);
    elf.interpreter.resize(std::strlen(elf.interpreter.c_str()));
    break;
  case PT_GNU_STACK:
    elf.executable_stack = (header.p_flags & PF_X) != 0;
    break;
  case PT_LOAD:
    if (elf_header.e_phoff >= header.p_offset && elf_header.e_phoff < header.p_offset + header.p_filesz)
      elf.phdr = elf.bias + header.p_vaddr + (elf_header.e_phoff - header.p_offset);
    break;
  }
}

} // namespace

LoadedElf load_elf(const std::string &path) {
  const File file(path);
  Elf64_Ehdr header;
  file.read(&header, sizeof header, 0);
  const std::vector<Elf64_Phdr> headers = program_headers(file, header);
  const bool has_interpreter =
      std::any_of(headers.begin(), headers.end(), [](const Elf64_Phdr &h) { return h.p_type == PT_INTERP; });
  if (header.e_type == ET_EXEC && !has_interpreter)
    refuse(78, "%s: a statically linked program has no MPI library to replace and cannot be checkpointed",
           file.name());

  const Span span = span_of(file, headers);
  LoadedElf elf;
  elf.start = place(file, header, span);
  elf.end = elf.start + (span.high - span.low);
  elf.bias = elf.start - span.low;
  elf.entry = elf.bias + header.e_entry;
  elf.phnum = header.e_phnum;
  for (const Elf64_Phdr &segment : headers)
    read_header(elf, file, header, segment);
  for (const Elf64_Phdr &segment : headers)
    if (segment.p_type == PT_LOAD)
      map_segment(file, segment, elf.bias);
  for (const Elf64_Phdr &segment : headers)
    if (segment.p_type == PT_DYNAMIC)
      read_dynamic(elf, segment);
  return elf;
}

} // namespace mana
