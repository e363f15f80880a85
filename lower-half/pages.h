// The upper half's memory as an image sees it: its mappings, and which of their pages hold anything.
#pragma once
#include <string>
#include <vector>

#include "tools/image/image.h"
#include "tools/image/writer.h"

namespace mana {

// Every mapping of the window and of the area of an ET_EXEC program, in order of address. `warnings` names those
// whose contents can't be restored as they are, `refused` those that forbid an image. Returns an errno value.
int find_regions(std::vector<image::Region> *regions, std::vector<std::string> *warnings, std::vector<std::string> *refused);

// Reads the application's memory: in place where that is allowed and where nobody writes meanwhile.
class OwnMemory : public image::Memory {
public:
  OwnMemory();
  ~OwnMemory() override;
  OwnMemory(const OwnMemory &) = delete;
  OwnMemory &operator=(const OwnMemory &) = delete;

  // [low, high) may change while the image is written, or may not be read in place.
  void always_copy(std::uint64_t low, std::uint64_t high);
  const void *direct(std::uint64_t address, std::uint64_t size) override;
  bool copy(std::uint64_t address, std::uint64_t size, void *to) override;

private:
  struct Extent {
    std::uint64_t low, high;
  };
  std::vector<Extent> copied_;
  int memory_ = -1;  // /proc/self/mem: reads what PROT_NONE forbids
};

// Cuts each region into segments with and without contents. Pages that were never touched are found in the page tables
// and not touched here; pages of zeros by looking. Adds unreadable regions to what `memory` copies.
std::vector<image::Segment> find_segments(const std::vector<image::Region> &regions, OwnMemory &memory);

}  // namespace mana
