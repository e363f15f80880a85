// See layout.h.
#include "tools/image/layout.h"

#include <elf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "tools/image/core_notes.h"
#include "tools/image/digest.h"

namespace mana::image {

namespace {

constexpr std::uint64_t kTailHeader = sizeof(Elf64_Nhdr) + 8;  // note header and "MANA" padded to 4
constexpr std::uint64_t kMaxAddress = std::uint64_t{1} << 47;

Problem damaged(std::uint64_t offset, const std::string &what) {
  return {kDamaged, 0, "damaged at offset " + std::to_string(offset) + ": " + what};
}

std::uint64_t tail_size_for(std::uint64_t stored) {
  return page_up(kTailHeader + 8 + 16 * (stored + 2));
}

std::uint32_t elf_flags(std::uint32_t prot) {
  return ((prot & PROT_READ) ? PF_R : 0u) | ((prot & PROT_WRITE) ? PF_W : 0u) | ((prot & PROT_EXEC) ? PF_X : 0u);
}
std::uint32_t prot_flags(std::uint32_t flags) {
  return ((flags & PF_R) ? PROT_READ : 0u) | ((flags & PF_W) ? PROT_WRITE : 0u) | ((flags & PF_X) ? PROT_EXEC : 0u);
}

bool page_aligned(std::uint64_t value) { return value % kPage == 0; }

Elf64_Ehdr elf_header(std::uint64_t program_headers) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_CORE;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  const bool many = program_headers >= PN_XNUM;
  header.e_phoff = sizeof(Elf64_Ehdr) + (many ? sizeof(Elf64_Shdr) : 0);
  header.e_phnum = many ? PN_XNUM : static_cast<Elf64_Half>(program_headers);
  if (many) {
    header.e_shoff = sizeof(Elf64_Ehdr);
    header.e_shnum = 1;
    header.e_shentsize = sizeof(Elf64_Shdr);
  }
  return header;
}

std::uint64_t headers_end(std::uint64_t program_headers) {
  return elf_header(program_headers).e_phoff + program_headers * sizeof(Elf64_Phdr);
}

template <class T> void append(std::string *out, const T &value) {
  out->append(reinterpret_cast<const char *>(&value), sizeof value);
}
template <class T> T read_at(std::string_view bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

Elf64_Phdr note_header(std::uint64_t offset, std::uint64_t size) {
  Elf64_Phdr header{};
  header.p_type = PT_NOTE;
  header.p_offset = offset;
  header.p_filesz = size;
  header.p_align = 4;
  return header;
}

Elf64_Phdr load_header(const Segment &segment) {
  Elf64_Phdr header{};
  header.p_type = PT_LOAD;
  header.p_flags = elf_flags(segment.prot);
  header.p_vaddr = segment.address;
  header.p_offset = segment.offset;
  header.p_memsz = segment.length;
  header.p_filesz = segment.stored ? segment.length : 0;
  header.p_align = kPage;
  return header;
}

// The ELF header is exactly what elf_header() makes for some count; `count` from it or from the section header.
Problem count_of(std::string_view prefix, std::uint64_t *count) {
  const auto header = read_at<Elf64_Ehdr>(prefix, 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return damaged(0, "this is not an image (no ELF magic)");
  *count = header.e_phnum;
  if (header.e_phnum == PN_XNUM) *count = read_at<Elf64_Shdr>(prefix, sizeof(Elf64_Ehdr)).sh_info;
  if (*count < 2 || (header.e_phnum == PN_XNUM && *count < PN_XNUM)) return damaged(56, "impossible number of segments");
  const Elf64_Ehdr expected = elf_header(*count);
  const auto *a = reinterpret_cast<const char *>(&header), *b = reinterpret_cast<const char *>(&expected);
  const char *difference = std::mismatch(a, a + sizeof header, b).first;
  if (difference != a + sizeof header)
    return damaged(static_cast<std::uint64_t>(difference - a), "the ELF header is not one of an image");
  return {};
}

Problem parse_load(const Elf64_Phdr &header, std::uint64_t at, Layout *layout, std::uint64_t *next_offset) {
  Segment segment{header.p_vaddr, header.p_memsz, header.p_offset, prot_flags(header.p_flags), header.p_filesz != 0};
  if (header.p_type != PT_LOAD) return damaged(at, "unknown kind of segment");
  if (!page_aligned(segment.address) || !page_aligned(segment.length) || segment.length == 0 ||
      segment.address >= kMaxAddress || segment.length > kMaxAddress - segment.address)
    return damaged(at, "impossible address or length of a segment");
  if (!layout->segments.empty()) {
    const Segment &last = layout->segments.back();
    if (segment.address < last.address + last.length) return damaged(at, "segments overlap or are out of order");
  }
  if (segment.stored) {
    if (header.p_filesz != header.p_memsz || segment.length > kMaxSegment || segment.offset != *next_offset)
      return damaged(at, "impossible place of a segment");
    *next_offset += segment.length;  // at most 2^32 segments of kMaxSegment: no overflow
  }
  layout->segments.push_back(segment);
  return {};
}

}  // namespace

Layout make_layout(std::vector<Segment> segments, std::uint64_t notes_size) {
  Layout layout;
  layout.segments = std::move(segments);
  layout.notes_start = headers_end(layout.segments.size() + 2);
  layout.notes_size = notes_size;
  layout.data_start = layout.data_end = page_up(layout.notes_start + notes_size);
  std::uint64_t stored = 0;
  for (Segment &segment : layout.segments) {
    segment.offset = layout.data_end;
    if (!segment.stored) continue;
    layout.data_end += segment.length;
    ++stored;
  }
  layout.tail_size = tail_size_for(stored);
  return layout;
}

std::string head_of(const Layout &layout, std::string_view notes) {
  const std::uint64_t count = layout.segments.size() + 2;
  std::string head;
  head.reserve(layout.data_start);
  append(&head, elf_header(count));
  if (count >= PN_XNUM) {
    Elf64_Shdr many{};
    many.sh_info = static_cast<Elf64_Word>(count);
    append(&head, many);
  }
  append(&head, note_header(layout.notes_start, layout.notes_size));
  append(&head, note_header(layout.data_end, layout.tail_size));
  for (const Segment &segment : layout.segments) append(&head, load_header(segment));
  head.append(notes);
  head.resize(layout.data_start, '\0');
  return head;
}

std::string tail_of(const Layout &layout, const Digest &head, const std::vector<Digest> &digests) {
  std::string tail;
  append(&tail, Elf64_Nhdr{5, static_cast<Elf64_Word>(layout.tail_size - kTailHeader), kNoteDigests});
  tail.append("MANA\0\0\0\0", 8);
  append(&tail, static_cast<std::uint64_t>(digests.size()));
  append(&tail, head);
  for (const Digest &digest : digests) append(&tail, digest);
  tail.resize(layout.tail_size - sizeof(Digest), '\0');
  append(&tail, digest_of(tail.data(), tail.size()));
  return tail;
}

Problem headers_size(std::string_view prefix, std::uint64_t file_size, std::uint64_t *size) {
  if (prefix.size() < kPrefix || !page_aligned(file_size)) return damaged(file_size, "the file ends too early");
  std::uint64_t count = 0;
  if (Problem problem = count_of(prefix, &count)) return problem;
  *size = headers_end(count);
  if (*size > file_size) return damaged(file_size, "the file ends within its segment table");
  if (*size > kMaxNotes) return damaged(56, "impossible number of segments");
  return {};
}

Problem parse_headers(std::string_view headers, std::uint64_t file_size, Layout *layout) {
  std::uint64_t count = 0;
  if (Problem problem = count_of(headers, &count)) return problem;
  const std::uint64_t start = elf_header(count).e_phoff;
  const auto program_header = [&](std::uint64_t i) { return read_at<Elf64_Phdr>(headers, start + i * sizeof(Elf64_Phdr)); };

  const Elf64_Phdr notes = program_header(0), tail = program_header(1);
  *layout = {};
  layout->notes_start = headers_end(count);
  if (notes.p_type != PT_NOTE || notes.p_offset != layout->notes_start || notes.p_filesz > kMaxNotes)
    return damaged(start, "impossible place of the notes");
  layout->notes_size = notes.p_filesz;
  layout->data_start = page_up(layout->notes_start + layout->notes_size);

  std::uint64_t next = layout->data_start, stored = 0;
  for (std::uint64_t i = 2; i < count; ++i) {
    if (Problem problem = parse_load(program_header(i), start + i * sizeof(Elf64_Phdr), layout, &next)) return problem;
    stored += layout->segments.back().stored;
  }
  layout->data_end = next;
  layout->tail_size = tail_size_for(stored);
  if (tail.p_type != PT_NOTE || tail.p_offset != layout->data_end || tail.p_filesz != layout->tail_size)
    return damaged(start + sizeof(Elf64_Phdr), "impossible place of the digests");
  if (file_size != layout->file_size())
    return damaged(std::min(file_size, layout->file_size()),
                   "the file has " + std::to_string(file_size) + " bytes and not " + std::to_string(layout->file_size()));
  return {};
}

Problem parse_tail(std::string_view tail, const Layout &layout, Digest *head, std::vector<Digest> *digests) {
  const auto stored = static_cast<std::uint64_t>(
      std::count_if(layout.segments.begin(), layout.segments.end(), [](const Segment &s) { return s.stored; }));
  std::string_view payload;
  if (tail.size() != layout.tail_size || !find_note(tail, kOwner, kNoteDigests, &payload) ||
      payload.size() != layout.tail_size - kTailHeader || read_at<std::uint64_t>(payload, 0) != stored)
    return damaged(layout.data_end, "the digests are not in order");
  *head = read_at<Digest>(payload, 8);
  digests->clear();
  for (std::uint64_t i = 0; i < stored; ++i) digests->push_back(read_at<Digest>(payload, 8 + 16 * (i + 1)));
  return {};
}

namespace {

Problem refuse(const std::string &what) { return {kDamaged, 0, "not acceptable: " + what}; }

bool inside(std::uint64_t address, std::uint64_t length, std::uint64_t low, std::uint64_t high) {
  return address >= low && address < high && length <= high - address;
}

bool plain_path(const std::string &path) {
  return path.size() < 4096 && path.find('\0') == std::string::npos && path.find('\n') == std::string::npos;
}

Problem check_regions(const Description &d) {
  const Region *last = nullptr;
  for (const Region &region : d.regions) {
    const std::string where = "region " + std::to_string(&region - d.regions.data());
    if (!page_aligned(region.address) || !page_aligned(region.length) || region.length == 0)
      return refuse(where + " is not made of pages");
    if (!inside(region.address, region.length, kWindowBase, kWindowEnd) &&
        !inside(region.address, region.length, d.exec_low, d.exec_high))
      return refuse(where + " lies outside of the upper half");
    if (last && region.address < last->address + last->length) return refuse(where + " overlaps the one before");
    if (region.kind > RegionKind::shared_file || (region.prot & ~std::uint32_t{PROT_READ | PROT_WRITE | PROT_EXEC}))
      return refuse(where + " has an unknown kind or protection");
    if (!page_aligned(region.offset) || !plain_path(region.path)) return refuse(where + " has an impossible path");
    last = &region;
  }
  return {};
}

// Both lists ascend and are disjoint.
Problem check_segments(const Description &d, const Layout &layout) {
  auto region = d.regions.begin();
  for (const Segment &segment : layout.segments) {
    while (region != d.regions.end() && region->address + region->length <= segment.address) ++region;
    if (region == d.regions.end() ||
        !inside(segment.address, segment.length, region->address, region->address + region->length))
      return refuse("a segment lies in no region");
  }
  return {};
}

Problem check_files(const Description &d) {
  std::int64_t last = -1;
  for (const SavedFile &file : d.files) {
    if (file.fd <= last || file.fd >= 1 << 20) return refuse("descriptors are out of order");
    const bool one_of_three = file.same_as >= 0 && file.same_as < 3, earlier = file.same_as >= 0 && file.same_as < file.fd;
    if (file.kind > FileKind::inotify || !plain_path(file.path) || (file.kind == FileKind::standard && !one_of_three) ||
        (file.kind == FileKind::duplicate && !earlier))
      return refuse("descriptor " + std::to_string(file.fd) + " is not described properly");
    if (file.kind == FileKind::regular && (file.path.empty() || file.path[0] != '/'))
      return refuse("descriptor " + std::to_string(file.fd) + " has no absolute path");
    last = file.fd;
  }
  return {};
}

}  // namespace

Problem check_description(const Description &d, const Layout &layout) {
  if (d.size < 1 || d.size > 1 << 24 || d.rank < 0 || d.rank >= d.size)
    return refuse("rank " + std::to_string(d.rank) + " of " + std::to_string(d.size));
  const bool has_exec = d.exec_low != 0 || d.exec_high != 0;
  if (has_exec && !(page_aligned(d.exec_low) && page_aligned(d.exec_high) && d.exec_low >= kExecLow &&
                    d.exec_low < d.exec_high && d.exec_high <= kExecHigh))
    return refuse("the program's address range");
  if (!plain_path(d.cwd) || !plain_path(d.exe)) return refuse("a path");
  if (Problem problem = check_regions(d)) return problem;
  if (Problem problem = check_segments(d, layout)) return problem;
  return check_files(d);
}

}  // namespace mana::image
