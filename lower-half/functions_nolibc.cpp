// See functions.h.
#include "functions.h"

#include <asm/unistd.h>
#include <elf.h>
#include <sys/mman.h>

#include "arch/x86_64/raw_syscall.h"
#include "window.h"

namespace mana {

namespace {

constexpr std::size_t kMostHeaders = 64, kMostSections = 128;

struct Headers {
  Elf64_Ehdr elf;
  Elf64_Phdr program[kMostHeaders];
  Elf64_Shdr sections[kMostSections];
};
Headers headers; // not on the application's stack

bool read_at(int fd, void *to, std::uint64_t bytes, std::uint64_t offset) {
  return raw_syscall(__NR_pread64, static_cast<std::uint64_t>(fd), reinterpret_cast<std::uint64_t>(to), bytes, offset) ==
         static_cast<long>(bytes);
}

bool read_headers(int fd) {
  const Elf64_Ehdr &elf = headers.elf;
  if (!read_at(fd, &headers.elf, sizeof headers.elf, 0) || elf.e_ident[0] != 0x7f || elf.e_ident[1] != 'E' ||
      elf.e_ident[2] != 'L' || elf.e_ident[3] != 'F' || elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != EM_X86_64)
    return false;
  return elf.e_phentsize == sizeof(Elf64_Phdr) && elf.e_phnum <= kMostHeaders &&
         read_at(fd, headers.program, elf.e_phnum * sizeof(Elf64_Phdr), elf.e_phoff);
}

const Elf64_Phdr *header_that(bool (*wanted)(const Elf64_Phdr &, std::uint64_t), std::uint64_t value) {
  for (std::size_t i = 0; i < headers.elf.e_phnum; ++i)
    if (wanted(headers.program[i], value))
      return &headers.program[i];
  return nullptr;
}

bool holds_offset(const Elf64_Phdr &header, std::uint64_t offset) {
  return header.p_type == PT_LOAD && (header.p_flags & PF_X) && page_down(header.p_offset) <= offset &&
         offset < header.p_offset + header.p_filesz;
}
bool holds_address(const Elf64_Phdr &header, std::uint64_t address) {
  return header.p_type == PT_LOAD && header.p_vaddr <= address && address - header.p_vaddr < header.p_filesz;
}
bool is_table(const Elf64_Phdr &header, std::uint64_t) { return header.p_type == PT_GNU_EH_FRAME; }

std::uint32_t load32(const unsigned char *p) {
  std::uint32_t value;
  __builtin_memcpy(&value, p, 4);
  return value;
}
// A signed number of 4 bytes, from `base` on.
std::uint64_t relative(const unsigned char *p, std::uint64_t base) {
  return base + static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(load32(p))));
}

} // namespace

bool Functions::open(int fd, std::uintptr_t start, std::uintptr_t end, std::uint64_t offset) {
  *this = {};
  if (!read_headers(fd))
    return false;
  const Elf64_Phdr *code = header_that(holds_offset, offset);
  if (!code)
    return false;
  bias_ = start - (code->p_vaddr - code->p_offset + offset);
  code_start_ = in_memory(code->p_vaddr);
  code_end_ = in_memory(code->p_vaddr + code->p_filesz);

  leave_out_data(fd);
  const auto *low = reinterpret_cast<const unsigned char *>(start), *high = reinterpret_cast<const unsigned char *>(end);
  code_start_ = code_start_ < low ? low : code_start_;
  code_end_ = code_end_ > high ? high : code_end_;

  // Without a table no function is known, but the file is one.
  const Elf64_Phdr *header = header_that(is_table, 0);
  const Elf64_Phdr *segment = header ? header_that(holds_address, header->p_vaddr) : nullptr;
  if (!segment)
    return true;
  table_address_ = segment->p_vaddr;
  if (map_table(fd, segment->p_offset, segment->p_filesz) && !read_table(header->p_vaddr))
    count_ = 0;
  return true;
}

void Functions::leave_out_data(int fd) {
  const Elf64_Ehdr &elf = headers.elf;
  if (elf.e_shentsize != sizeof(Elf64_Shdr) || elf.e_shnum > kMostSections ||
      !read_at(fd, headers.sections, elf.e_shnum * sizeof(Elf64_Shdr), elf.e_shoff))
    return;
  const unsigned char *first = code_end_, *last = code_start_;
  for (std::size_t i = 0; i < elf.e_shnum; ++i) {
    const Elf64_Shdr &section = headers.sections[i];
    const unsigned char *start = in_memory(section.sh_addr), *end = start + section.sh_size;
    if (!(section.sh_flags & SHF_ALLOC) || !(section.sh_flags & SHF_EXECINSTR) || start < code_start_ || end > code_end_)
      continue;
    first = start < first ? start : first;
    last = end > last ? end : last;
  }
  if (first < last) {
    code_start_ = first;
    code_end_ = last;
  }
}

bool Functions::map_table(int fd, std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t in_page = offset - page_down(offset);
  const long got = raw_syscall(__NR_mmap, 0, bytes + in_page, PROT_READ, MAP_PRIVATE, static_cast<std::uint64_t>(fd),
                               page_down(offset));
  if (failed(got))
    return false;
  table_ = static_cast<std::uint64_t>(got) + in_page;
  table_bytes_ = bytes;
  return true;
}

void Functions::close() {
  if (table_)
    raw_syscall(__NR_munmap, page_down(table_), table_ - page_down(table_) + table_bytes_);
  *this = {};
}

const unsigned char *Functions::in_table(std::uint64_t address, std::uint64_t bytes) const {
  const std::uint64_t at = address - table_address_;
  return at < table_bytes_ && bytes <= table_bytes_ - at ? reinterpret_cast<const unsigned char *>(table_ + at) : nullptr;
}

// The encodings that every linker writes; with others nothing is known.
bool Functions::read_table(std::uint64_t address) {
  constexpr std::uint32_t kHeader = 0x3b031b01; // version 1; pointer 4 bytes, from itself; count 4 bytes; entries 4 bytes, from here
  const unsigned char *header = in_table(address, 12);
  if (!header || load32(header) != kHeader)
    return false;
  header_address_ = address;
  entries_ = address + 12;
  count_ = load32(header + 8);
  return in_table(entries_, count_ * 8) != nullptr;
}

bool Functions::function(std::uint64_t index, Function *found) const {
  const unsigned char *entry = in_table(entries_ + index * 8, 8);
  if (!entry)
    return false;
  const std::uint64_t start = relative(entry, header_address_), rules = relative(entry + 4, header_address_);
  // length, distance to its common part, start from itself, bytes. 
  const unsigned char *frame = in_table(rules, 16);
  if (!frame || load32(frame) == 0xffffffff || relative(frame + 8, rules + 8) != start)
    return false;
  *found = {in_memory(start), in_memory(start + load32(frame + 12))};
  return true;
}

bool Functions::find(const unsigned char *at, Function *found, Function *before, Function *after) const {
  *before = *after = {};
  // The entries are in order of their starts: `low` of them begin at `at` or before.
  std::uint64_t low = 0, high = count_;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const unsigned char *entry = in_table(entries_ + middle * 8, 8);
    if (!entry)
      return false;
    if (in_memory(relative(entry, header_address_)) <= at)
      low = middle + 1;
    else
      high = middle;
  }
  Function last;
  if (low > 0 && !function(low - 1, &last))
    return false;
  if (last.start && at < last.end) {
    *found = last;
    return true;
  }
  Function next;
  if (low < count_ && !function(low, &next))
    return false;
  *before = last;
  *after = next;
  return false;
}

} // namespace mana
