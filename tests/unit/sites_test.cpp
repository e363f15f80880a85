// What is found out about system calls in code: of the C library, and of code written for the purpose; lengths of instructions against
// those that objdump finds.
#include "lower-half/sites.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "lower-half/instructions.h"
#include "lower-half/intercept.h"

namespace mana {

bool intercepted(std::uint64_t number) { return number == 202; }

namespace {

class File {
public:
  explicit File(const std::string &path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status;
    if (fd_ < 0 || fstat(fd_, &status) != 0)
      throw std::runtime_error(path + " cannot be opened");
    size_ = static_cast<std::size_t>(status.st_size);
    bytes_ = static_cast<const unsigned char *>(mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd_, 0));
  }
  ~File() {
    functions_.close();
    munmap(const_cast<unsigned char *>(bytes_), size_);
    close(fd_);
  }
  File(const File &) = delete;

  const Elf64_Ehdr &header() const { return *reinterpret_cast<const Elf64_Ehdr *>(bytes_); }

  // The one executable segment.
  const Elf64_Phdr &code() const {
    const auto *headers = reinterpret_cast<const Elf64_Phdr *>(bytes_ + header().e_phoff);
    for (int i = 0; i < header().e_phnum; ++i)
      if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_X))
        return headers[i];
    throw std::runtime_error("no code");
  }
  const unsigned char *low() const { return bytes_ + code().p_offset; }
  const unsigned char *high() const { return low() + code().p_filesz; }
  const unsigned char *at(std::uint64_t address) const { return low() + (address - code().p_vaddr); }

  const Functions &functions() {
    if (!functions_.code_start() &&
        !functions_.open(fd_, reinterpret_cast<std::uintptr_t>(low()) & ~std::uintptr_t{4095}, reinterpret_cast<std::uintptr_t>(high()),
                         code().p_offset & ~std::uint64_t{4095}))
      throw std::runtime_error("no ELF file");
    return functions_;
  }

  const unsigned char *symbol(const std::string &name) const {
    const auto *sections = reinterpret_cast<const Elf64_Shdr *>(bytes_ + header().e_shoff);
    for (int i = 0; i < header().e_shnum; ++i) {
      if (sections[i].sh_type != SHT_DYNSYM)
        continue;
      const auto *names = reinterpret_cast<const char *>(bytes_ + sections[sections[i].sh_link].sh_offset);
      const auto *symbols = reinterpret_cast<const Elf64_Sym *>(bytes_ + sections[i].sh_offset);
      for (std::uint64_t n = 0; n < sections[i].sh_size / sizeof *symbols; ++n)
        if (names + symbols[n].st_name == name)
          return at(symbols[n].st_value);
    }
    throw std::runtime_error("no symbol " + name);
  }

private:
  int fd_;
  std::size_t size_ = 0;
  const unsigned char *bytes_ = nullptr;
  Functions functions_;
};

struct Case {
  Judgement judgement;
  MovedSite site;
  const unsigned char *function, *call;
};

Case judged(File &file, const std::string &name) {
  Case result{};
  result.function = file.symbol(name);
  result.call = file.symbol(name + "_call");
  result.judgement = judge_site(file.functions(), result.call, &result.site);
  EXPECT_NE(beginning_of(file.low(), file.high(), result.call), Beginning::inside) << name;
  return result;
}

TEST(Sites, known_numbers) {
  File file(SITES_calls);
  EXPECT_EQ(judged(file, "known_and_not_ours").judgement, Judgement::leave);
  const Case ours = judged(file, "known_and_ours");
  EXPECT_EQ(ours.judgement, Judgement::move);
  EXPECT_TRUE(ours.site.number_is_ours);
  EXPECT_TRUE(ours.site.call_stays());
  EXPECT_EQ(ours.site.start, ours.function);
}

TEST(Sites, numbers_that_depend_on_a_branch_are_unknown) {
  File file(SITES_calls);
  const Case c = judged(file, "behind_a_branch");
  ASSERT_EQ(c.judgement, Judgement::move);
  EXPECT_FALSE(c.site.number_is_ours);
  EXPECT_EQ(c.site.call - c.site.start, 5); // from where the branch leads to on
}

TEST(Sites, numbers_in_registers_are_unknown) {
  File file(SITES_calls);
  for (const char *name : {"number_in_a_register", "relative_to_here"}) {
    const Case c = judged(file, name);
    ASSERT_EQ(c.judgement, Judgement::move) << name;
    EXPECT_FALSE(c.site.number_is_ours) << name;
    EXPECT_TRUE(c.site.call_stays()) << name;
    EXPECT_EQ(c.site.start, c.function) << name;
  }
}

TEST(Sites, calls_move_along_where_there_is_no_other_room) {
  File file(SITES_calls);
  const Case c = judged(file, "short_of_room");
  ASSERT_EQ(c.judgement, Judgement::move);
  EXPECT_FALSE(c.site.call_stays());
  EXPECT_EQ(c.site.end, c.call + 2);
  EXPECT_EQ(c.site.start, c.function + 2);
}

TEST(Sites, what_is_behind_moves_only_where_nothing_returns) {
  File file(SITES_calls);
  EXPECT_EQ(judged(file, "jumped_to").judgement, Judgement::unknown);
  EXPECT_EQ(judged(file, "first_in_its_function").judgement, Judgement::unknown);
  const Case c = judged(file, "does_not_return");
  ASSERT_EQ(c.judgement, Judgement::move);
  EXPECT_EQ(c.site.start, c.call);
  EXPECT_EQ(c.site.end, c.call + 8);
}

TEST(Sites, tables_of_jumps) {
  File file(SITES_calls);
  const Case known = judged(file, "known_beside_a_table");
  ASSERT_EQ(known.judgement, Judgement::move);
  EXPECT_EQ(known.call - known.site.start, 7);
  EXPECT_EQ(judged(file, "unknown_beside_a_table").judgement, Judgement::unknown);
}

TEST(Sites, bytes_that_are_no_call) {
  File file(SITES_calls);
  const unsigned char *function = file.symbol("no_call_at_all");
  for (int i = 2; i < 10; i += 2) {
    MovedSite site;
    EXPECT_EQ(judge_site(file.functions(), function + i + (function[i] == 0x0f ? 0 : 1), &site), Judgement::nothing);
  }
}

TEST(Sites, data_in_the_segment_of_the_code_is_left_out) {
  File file(SITES_one_segment);
  const unsigned char *data = file.symbol("data");
  ASSERT_TRUE(data >= file.low() && data < file.high());
  const Functions &functions = file.functions();
  EXPECT_TRUE(data + 9 <= functions.code_start() || data >= functions.code_end());
  MovedSite site;
  EXPECT_EQ(judge_site(functions, data + 7, &site), Judgement::nothing);
  EXPECT_EQ(judged(file, "known_and_ours").judgement, Judgement::move);
  EXPECT_EQ(judged(file, "without_rules").judgement, Judgement::unknown);
}

TEST(Sites, code_without_rules_is_unknown) {
  File file(SITES_calls);
  EXPECT_EQ(judged(file, "without_rules").judgement, Judgement::unknown);
}

TEST(Sites, jumps_of_other_parts_are_found) {
  File calls(SITES_calls), jumped_into(SITES_jumped_into);
  const Case alone = judged(calls, "known_and_ours"), c = judged(jumped_into, "known_and_ours");
  ASSERT_EQ(c.judgement, Judgement::move);
  EXPECT_TRUE(nobody_jumps_into(calls.functions(), &alone.site, 1));
  EXPECT_FALSE(nobody_jumps_into(jumped_into.functions(), &c.site, 1));
}

MovedSite unjudged(const Case &c) {
  unsigned char *call = const_cast<unsigned char *>(c.call);
  return {.start = call - 5, .call = call, .end = call};
}

TEST(Sites, jumps_of_the_function_to_what_has_not_been_judged_are_found) {
  File file(SITES_calls);
  const MovedSite alone = unjudged(judged(file, "plain")), from_afar = unjudged(judged(file, "merged")),
                  without_rules = unjudged(judged(file, "merged_without_rules"));
  EXPECT_TRUE(nobody_jumps_into(file.functions(), &alone, 1));
  EXPECT_FALSE(nobody_jumps_into(file.functions(), &from_afar, 1));
  EXPECT_FALSE(nobody_jumps_into(file.functions(), &without_rules, 1));
}

// ---------------------------------------------------------------------------------
// Libraries of this machine, as objdump reads them

struct Line {
  std::uint64_t bytes = 0;
  std::string text;
};

std::map<std::uint64_t, Line> disassembled(const std::string &path) {
  std::map<std::uint64_t, Line> lines;
  const std::unique_ptr<FILE, int (*)(FILE *)> pipe(popen(("objdump -d -w " + path).c_str(), "r"), pclose);
  char text[1024];
  while (pipe && std::fgets(text, sizeof text, pipe.get())) {
    unsigned long address = 0;
    int at = 0;
    if (std::sscanf(text, " %lx:\t%n", &address, &at) != 1 || at == 0)
      continue;
    Line line;
    const char *p = text + at;
    for (; std::isxdigit(static_cast<unsigned char>(p[0])) && std::isxdigit(static_cast<unsigned char>(p[1])) && p[2] == ' '; p += 3)
      ++line.bytes;
    if (const char *tab = std::strchr(p, '\t'))
      line.text = tab + 1;
    while (!line.text.empty() && std::isspace(static_cast<unsigned char>(line.text.back())))
      line.text.pop_back();
    lines[address] = line;
  }
  return lines;
}

std::set<std::string> libraries() {
  std::set<std::string> paths;
  dl_iterate_phdr(
      [](dl_phdr_info *info, std::size_t, void *to) {
        if (info->dlpi_name[0] == '/')
          static_cast<std::set<std::string> *>(to)->insert(info->dlpi_name);
        return 0;
      },
      &paths);
  return paths;
}

// objdump writes prefixes that have no effect on lines of their own, fwait with its instruction, and what it does not know as (bad).
bool is_instruction(const Line &line, const unsigned char *code) {
  return line.bytes != 0 && code[0] != 0x9b && line.text.find("(bad)") == std::string::npos &&
         (line.bytes > 1 || line.text.find("rex") == std::string::npos) && line.text != "data16" && line.text != "repz" &&
         line.text != "repnz" && line.text != "lock";
}

TEST(Instructions, are_as_long_as_objdump_says) {
  for (const std::string &path : libraries()) {
    const File file(path);
    std::size_t compared = 0, different = 0;
    for (const auto &[address, line] : disassembled(path)) {
      const unsigned char *code = file.at(address);
      if (code < file.low() || code >= file.high() || !is_instruction(line, code))
        continue;
      ++compared;
      for (const bool about_eax : {true, false})
        if (const Instruction i = decode(code, file.high(), about_eax); i.bytes != line.bytes && different++ < 5)
          ADD_FAILURE() << path << std::hex << " " << address << ": " << +i.bytes << " bytes, not " << line.bytes << ": " << line.text;
    }
    EXPECT_EQ(different, 0u) << path;
    EXPECT_GT(compared, 1000u) << path;
  }
}

// In the libraries that every program has nothing is unknown, so that programs run without the net.
TEST(Sites, of_these_libraries_are_all_known) {
  for (const std::string &path : libraries()) {
    File file(path);
    const std::map<std::uint64_t, Line> lines = disassembled(path);
    std::vector<MovedSite> moved;
    for (const unsigned char *p = file.low(); p + 1 < file.high(); ++p) {
      const bool is_pair = p[0] == 0x0f && p[1] == 0x05, follows_its_number = p - file.low() >= 5 && p[-5] == 0xb8;
      if (!is_pair || follows_its_number) // of the latter patch.h knows the number
        continue;
      const std::uint64_t address = static_cast<std::uint64_t>(p - file.low()) + file.code().p_vaddr;
      const auto line = lines.find(address);
      const bool is_call = line != lines.end() && line->second.text == "syscall";
      MovedSite site;
      const Judgement judgement = judge_site(file.functions(), p, &site);
      EXPECT_NE(judgement, Judgement::unknown) << path << std::hex << " " << address;
      if (!is_call)
        EXPECT_EQ(judgement, Judgement::nothing) << path << std::hex << " " << address;
      else
        EXPECT_NE(beginning_of(file.low(), file.high(), p), Beginning::inside) << path << std::hex << " " << address;
      if (judgement != Judgement::nothing && judgement != Judgement::unknown && (moved.empty() || site.start >= moved.back().end))
        moved.push_back(site);
    }
    EXPECT_TRUE(nobody_jumps_into(file.functions(), moved.data(), moved.size())) << path;
  }
}

} // namespace
} // namespace mana
