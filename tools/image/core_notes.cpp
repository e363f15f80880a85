// See core_notes.h. Layouts: <sys/procfs.h> and fs/binfmt_elf.c of Linux, "fill_files_note".
#include "tools/image/core_notes.h"

#include <elf.h>
#include <sys/procfs.h>

#include <cstring>

namespace mana::image {

namespace {

template <class T> std::string_view bytes_of(const T &value) {
  return {reinterpret_cast<const char *>(&value), sizeof value};
}

void pad_to_4(std::string *out) { out->append((4 - out->size() % 4) % 4, '\0'); }

elf_prstatus status_of(const ThreadState &thread) {
  elf_prstatus status{};
  status.pr_pid = thread.tid;
  static_assert(sizeof status.pr_reg == sizeof thread.registers);
  std::memcpy(&status.pr_reg, &thread.registers, sizeof thread.registers);
  status.pr_fpvalid = 1;
  return status;
}

elf_prpsinfo info_of(const Process &process) {
  elf_prpsinfo info{};
  info.pr_pid = process.pid;
  info.pr_sname = 'S';
  process.name.copy(info.pr_fname, sizeof info.pr_fname - 1);
  process.arguments.copy(info.pr_psargs, sizeof info.pr_psargs - 1);
  return info;
}

// count, page size, {start, end, file offset in pages} x count, names
std::string file_note(const std::vector<Region> &regions) {
  std::vector<std::uint64_t> numbers = {0, kPage};
  std::string names;
  for (const Region &region : regions) {
    if (region.path.empty() || region.path[0] != '/') continue;
    ++numbers[0];
    numbers.insert(numbers.end(), {region.address, region.address + region.length, region.offset / kPage});
    names.append(region.path.c_str(), region.path.size() + 1);
  }
  return std::string(reinterpret_cast<const char *>(numbers.data()), numbers.size() * sizeof numbers[0]) + names;
}

}  // namespace

void append_note(std::string *out, const char *owner, std::uint32_t type, std::string_view payload) {
  const Elf64_Nhdr header{static_cast<Elf64_Word>(std::strlen(owner) + 1), static_cast<Elf64_Word>(payload.size()),
                          type};
  out->append(bytes_of(header));
  out->append(owner, std::strlen(owner) + 1);
  pad_to_4(out);
  out->append(payload);
  pad_to_4(out);
}

std::string core_notes(const Process &process, const std::vector<Region> &regions) {
  std::string out;
  bool first = true;
  for (const ThreadState &thread : process.threads) {
    append_note(&out, "CORE", NT_PRSTATUS, bytes_of(status_of(thread)));
    if (first) {
      append_note(&out, "CORE", NT_PRPSINFO, bytes_of(info_of(process)));
      append_note(&out, "CORE", NT_AUXV, process.auxv);
      append_note(&out, "CORE", NT_FILE, file_note(regions));
    }
    append_note(&out, "CORE", NT_FPREGSET, bytes_of(thread.floating));
    first = false;
  }
  return out;
}

bool find_note(std::string_view notes, std::string_view owner, std::uint32_t type, std::string_view *payload) {
  while (!notes.empty()) {
    Elf64_Nhdr header;
    if (notes.size() < sizeof header) return false;
    std::memcpy(&header, notes.data(), sizeof header);
    notes.remove_prefix(sizeof header);
    const std::uint64_t name_size = (std::uint64_t{header.n_namesz} + 3) & ~std::uint64_t{3};
    const std::uint64_t size = (std::uint64_t{header.n_descsz} + 3) & ~std::uint64_t{3};
    if (name_size > notes.size() || size > notes.size() - name_size) return false;
    const std::string_view name = notes.substr(0, header.n_namesz);
    if (header.n_type == type && name.size() == owner.size() + 1 && name.starts_with(owner) && name.back() == '\0') {
      *payload = notes.substr(name_size, header.n_descsz);
      return true;
    }
    notes.remove_prefix(name_size + size);
  }
  return false;
}

}  // namespace mana::image
