// The image format: what was written is read back, and no damage goes unnoticed.
#include "tools/image/image.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/image/digest.h"
#include "tools/image/reader.h"
#include "tools/image/writer.h"
#include "tools/protocol.h"

namespace mana::image {
namespace {

// Pages whose bytes are a function of their address.
class Pattern : public Memory {
public:
  explicit Pattern(bool direct) : direct_(direct) {
    page_ = static_cast<char *>(std::aligned_alloc(kPage, kMaxSegment));
    for (std::uint64_t i = 0; i < kMaxSegment; ++i) page_[i] = static_cast<char>(i * 31 + i / kPage);
  }
  ~Pattern() override { std::free(page_); }
  const void *direct(std::uint64_t, std::uint64_t size) override { return direct_ ? page_ : nullptr; }
  bool copy(std::uint64_t, std::uint64_t size, void *to) override {
    std::memcpy(to, page_, size);
    return true;
  }
  char *page_;

private:
  bool direct_;
};

Region region_of(std::uint64_t page, std::uint64_t pages, std::uint32_t prot, const char *path = "") {
  Region region;
  region.address = kFirstFree + page * kPage;
  region.length = pages * kPage;
  region.prot = prot;
  region.path = path;
  return region;
}

Segment segment_of(std::uint64_t page, std::uint64_t pages, bool stored) {
  return {kFirstFree + page * kPage, pages * kPage, 0, PROT_READ | PROT_WRITE, stored};
}

struct Sample {
  Description description;
  Process process;
  std::vector<Segment> segments;
};

Sample small_sample() {
  Sample s;
  s.description.rank = 1;
  s.description.size = 4;
  s.description.job = "job";
  s.description.cwd = "/tmp";
  s.description.cpu_features = {"avx2"};
  s.description.regions = {region_of(0, 4, PROT_READ | PROT_WRITE), region_of(8, 2, PROT_READ, "/lib/libc.so.6")};
  SavedFile file;
  file.fd = 3;
  file.path = "/tmp/out";
  file.offset = 77;
  s.description.files = {file};
  s.segments = {segment_of(0, 1, true), segment_of(1, 3, false), segment_of(8, 1, true)};
  s.process.name = "app";
  s.process.threads.resize(2);
  s.process.auxv = std::string(32, '\0');
  return s;
}

class ImageTest : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/image_test.XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/rank-1.mana";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Problem write(const Sample &sample, bool direct = true) {
    Pattern memory(direct);
    return write_image(path_, sample.description, sample.process, sample.segments, memory, &written_);
  }
  std::string bytes() {
    std::ifstream in(path_, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  void replace(const std::string &bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  // Makes all digests right again after the head was changed: what only checks of the numbers can find.
  void reseal(std::string bytes, std::uint64_t data_start, std::uint64_t tail_start) {
    const Digest head = digest_of(bytes.data(), data_start);
    std::memcpy(&bytes[tail_start + 20 + 8], &head, sizeof head);
    const Digest self = digest_of(&bytes[tail_start], bytes.size() - tail_start - 16);
    std::memcpy(&bytes[bytes.size() - 16], &self, sizeof self);
    replace(bytes);
  }
  int reread() { return verify(path_).code; }

  std::string folder_, path_;
  Written written_;
};

TEST_F(ImageTest, WhatWasWrittenIsReadBack) {
  const Sample sample = small_sample();
  const Problem problem = write(sample);
  ASSERT_FALSE(problem) << problem.text;
  Reader reader;
  const Problem opened = reader.open(path_);
  ASSERT_FALSE(opened) << opened.text;
  EXPECT_EQ(reader.description().rank, 1);
  EXPECT_EQ(reader.description().files.at(0).offset, 77u);
  EXPECT_EQ(reader.description().regions.at(1).path, "/lib/libc.so.6");
  EXPECT_EQ(reader.digest(), written_.digest);
  EXPECT_EQ(written_.bytes, std::filesystem::file_size(path_));
  ASSERT_EQ(reader.layout().segments.size(), 3u);
  std::vector<char> page(kPage);
  const Problem read = reader.read_segment(2, page.data());
  ASSERT_FALSE(read) << read.text;
  EXPECT_EQ(std::memcmp(page.data(), Pattern(true).page_, kPage), 0);
}

TEST_F(ImageTest, MemoryThatMustBeCopiedGivesTheSameFile) {
  ASSERT_FALSE(write(small_sample(), true));
  const std::string first = bytes();
  std::filesystem::remove(path_);
  ASSERT_FALSE(write(small_sample(), false));
  EXPECT_EQ(first, bytes());
}

TEST_F(ImageTest, SegmentsLongerThanABlockAndManySegments) {
  Sample sample = small_sample();
  sample.description.regions = {region_of(0, 1 << 20, PROT_READ)};
  sample.segments = split_long({segment_of(0, 10000, true)});
  EXPECT_EQ(sample.segments.size(), 3u);
  for (std::uint64_t i = 0; i < 3000; ++i) sample.segments.push_back(segment_of(20000 + 2 * i, 1, true));
  const Problem problem = write(sample);
  ASSERT_FALSE(problem) << problem.text;
  EXPECT_EQ(verify(path_).text, "");
}

TEST_F(ImageTest, MoreSegmentsThanTheHeaderCanCount) {
  Sample sample = small_sample();
  sample.description.regions = {region_of(0, 1 << 20, PROT_READ)};
  sample.segments.clear();
  for (std::uint64_t i = 0; i < 70000; ++i) sample.segments.push_back(segment_of(2 * i, 1, false));
  ASSERT_FALSE(write(sample));
  Reader reader;
  const Problem problem = reader.open(path_);
  ASSERT_FALSE(problem) << problem.text;
  EXPECT_EQ(reader.layout().segments.size(), 70000u);
}

TEST_F(ImageTest, ZeroPagesTakeNoSpace) {
  Sample sample = small_sample();
  sample.description.regions = {region_of(0, 1 << 24, PROT_READ)};
  sample.segments = {segment_of(0, 1 << 24, false)};
  ASSERT_FALSE(write(sample));
  EXPECT_LT(written_.bytes, 16384u);
}

TEST_F(ImageTest, TruncationAnywhereIsFound) {
  ASSERT_FALSE(write(small_sample()));
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); size += size < kPage ? 1 : 509) {
    replace(whole.substr(0, size));
    ASSERT_EQ(reread(), kDamaged) << size;
  }
  for (std::size_t size = kPage; size < whole.size(); size += kPage) {
    replace(whole.substr(0, size));
    ASSERT_EQ(reread(), kDamaged) << size;
  }
  replace(whole + std::string(kPage, '\0'));
  EXPECT_EQ(reread(), kDamaged);
}

TEST_F(ImageTest, EveryFlippedBitIsFoundAndNamed) {
  ASSERT_FALSE(write(small_sample()));
  const std::string whole = bytes();
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      const char flipped = static_cast<char>(whole[i] ^ (1 << bit));
      ASSERT_EQ(::pwrite(fd, &flipped, 1, static_cast<off_t>(i)), 1);
      const Problem problem = verify(path_);
      ASSERT_EQ(problem.code, kDamaged) << "byte " << i << " bit " << bit;
      ASSERT_NE(problem.text.find("rank-1.mana"), std::string::npos) << problem.text;
      ASSERT_NE(problem.text.find("offset"), std::string::npos) << problem.text;
    }
    ASSERT_EQ(::pwrite(fd, &whole[i], 1, static_cast<off_t>(i)), 1);
  }
  ::close(fd);
  EXPECT_EQ(reread(), 0);
}

// Numbers that the digests vouch for and that are wrong all the same.
TEST_F(ImageTest, ProgramHeadersAreNotBelieved) {
  ASSERT_FALSE(write(small_sample()));
  const std::string whole = bytes();
  Reader reader;
  ASSERT_FALSE(reader.open(path_));
  const Layout layout = reader.layout();
  const std::uint64_t bad[] = {0,          1,           kPage,         kPage + 1,         ~std::uint64_t{0}, ~std::uint64_t{0} << 12,
                               1ull << 63, 1ull << 47, 0x400000,      kWindowBase - kPage, kWindowEnd,      kWindowEnd - kPage};
  for (std::size_t header = 0; header < 5; ++header) {
    for (std::size_t field = 0; field < sizeof(Elf64_Phdr) / 8; ++field) {
      for (const std::uint64_t value : bad) {
        std::string changed = whole;
        char *at = &changed[sizeof(Elf64_Ehdr) + header * sizeof(Elf64_Phdr) + field * 8];
        if (std::memcmp(at, &value, 8) == 0) continue;
        std::memcpy(at, &value, 8);
        reseal(changed, layout.data_start, layout.data_end);
        Reader again;
        // Addresses of note headers, physical addresses and alignments are not used.
        if (again.open(path_)) continue;
        for (const Segment &s : again.layout().segments) ASSERT_TRUE(s.address >= kFirstFree && s.address < kWindowEnd);
      }
    }
  }
}

TEST_F(ImageTest, DescriptionsAreNotBelieved) {
  const auto refused = [&](auto change) {
    Sample sample = small_sample();
    change(sample);
    std::filesystem::remove(path_);
    EXPECT_FALSE(write(sample));
    return reread() == kDamaged;
  };
  EXPECT_FALSE(refused([](Sample &) {}));
  EXPECT_TRUE(refused([](Sample &s) { s.description.rank = 4; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.rank = -1; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.format_version = kFormatVersion + 1; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.seam_version = kSeamVersion + 1; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.regions[0].address = kWindowBase - kPage; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.regions[1].length = ~std::uint64_t{0} - kPage + 1; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.regions[0].length = 16 * kPage; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.regions[0].prot = 0x1000; }));
  EXPECT_TRUE(refused([](Sample &s) { std::swap(s.description.regions[0], s.description.regions[1]); }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.regions.pop_back(); }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.exec_low = 0x400000; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.exec_low = 0x400000, s.description.exec_high = kWindowEnd; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.files[0].path = "relative"; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.files[0].path = "/a\nb"; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.files[0].path = "/" + std::string(5000, 'x'); }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.files[0].fd = -2; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.files[0].kind = FileKind::standard; }));
  EXPECT_TRUE(refused([](Sample &s) { s.description.files[0].kind = FileKind::duplicate, s.description.files[0].same_as = 3; }));
}

TEST_F(ImageTest, FormatVersionsAreBothNamed) {
  Sample sample = small_sample();
  sample.description.format_version = 99;
  ASSERT_FALSE(write(sample));
  const std::string text = verify(path_).text;
  EXPECT_NE(text.find("format 99"), std::string::npos) << text;
  EXPECT_NE(text.find("format " + std::to_string(kFormatVersion)), std::string::npos) << text;
}

TEST_F(ImageTest, WhatIsNotAnImageIsRefusedWithoutWaiting) {
  EXPECT_EQ(verify(path_).code, kNotThere);
  replace("");
  EXPECT_EQ(reread(), kDamaged);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(reread(), kDamaged);
  EXPECT_EQ(verify(folder_).code, kDamaged);
  EXPECT_EQ(verify("/dev/zero").code, kDamaged);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/etc/passwd", path_);
  EXPECT_EQ(reread(), kNotAllowed);
}

TEST_F(ImageTest, AFullDiskIsAProblemAndLeavesNoFile) {
  Sample sample = small_sample();
  sample.description.regions = {region_of(0, 1 << 20, PROT_READ)};
  sample.segments = split_long({segment_of(0, 8192, true)});
  rlimit old{}, limit{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t size : {0ul, 4096ul, 5000000ul, 9000000ul}) {
    limit = {size, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Problem problem = write(sample);
    ::setrlimit(RLIMIT_FSIZE, &old);
    EXPECT_EQ(problem.code, kIoError);
    EXPECT_EQ(problem.error, EFBIG);
    EXPECT_NE(problem.text.find("bytes needed"), std::string::npos) << problem.text;
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
}

TEST_F(ImageTest, AnExistingFileIsNeverReplaced) {
  replace("precious");
  EXPECT_EQ(write(small_sample()).error, EEXIST);
  EXPECT_EQ(bytes(), "precious");
}

}  // namespace
}  // namespace mana::image
