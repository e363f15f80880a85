// Which addresses are free: the heart of the window allocator.
//
// Every mmap of the application is placed by us (window.h), so placement must be as good as the kernel's: reuse
// what was given back, find a hole of any size and alignment in O(log n) with 60,000 mappings, and
// know nothing about the mappings but "free or not" (protection and backing are the kernel's business).
//
//   low |####....########..####............####| high        '#' used, '.' free
//            ^---node   ^-node  ^---node             a tree of the free extents, each coalesced with its
//                                                    neighbours, and the longest extent of every subtree
//
// A treap: the order of starts, heap-ordered by random priorities, so it balances itself without rotations
// to get wrong; take() and give() are two splits and two joins. Nodes come from pages mapped
// privately in the lower half; nothing here is saved, a restart rebuilds it from the list of saved regions.
//
// Runs with the upper half's TLS (see intercept.h): no libc, no locks here; the caller holds window.h's lock.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mana {

struct Extent {
  std::uint64_t start = 0;
  std::uint64_t end = 0; // exclusive; empty when start == end
};

class Ranges {
public:
  // All of [low, high) is free. Ranges are bytes; callers use page-aligned values.
  void reset(std::uint64_t low, std::uint64_t high);

  // Marks [start, end) as used or as free, whatever parts of it were before. Clipped to [low, high).
  void take(std::uint64_t start, std::uint64_t end);
  void give(std::uint64_t start, std::uint64_t end);

  bool is_free(std::uint64_t start, std::uint64_t end) const;

  // The lowest address a in [from, to - bytes], a multiple of `align` (a power of two), with [a, a + bytes)
  // free; 0 if there is none.
  std::uint64_t find(std::uint64_t bytes, std::uint64_t align, std::uint64_t from, std::uint64_t to) const;

  // The first used extent that ends after `from`, cut at `from`; empty at the end.
  Extent next_used(std::uint64_t from) const;

  std::uint64_t low() const { return low_; }
  std::uint64_t high() const { return high_; }
  std::size_t free_extents() const { return count_; }

private:
  struct Node {
    std::uint64_t start, end, longest;
    Node *left, *right;
    std::uint64_t priority;
  };

  static void update(Node *node);
  static void split(Node *node, std::uint64_t key, Node *&below, Node *&from);
  static Node *join(Node *a, Node *b);
  static Node *leftmost(Node *node);
  static Node *rightmost(Node *node);
  static std::uint64_t find_in(const Node *node, std::uint64_t bytes, std::uint64_t align, std::uint64_t from,
                               std::uint64_t to);
  const Node *last_start_at_or_below(std::uint64_t address) const;
  const Node *first_start_above(std::uint64_t address) const;

  static void resize(Node *node, std::uint64_t key, std::uint64_t start, std::uint64_t end);
  bool take_from_edge(std::uint64_t start, std::uint64_t end);
  bool give_to_edge(std::uint64_t start, std::uint64_t end);

  void insert(std::uint64_t start, std::uint64_t end);
  void remove(std::uint64_t start);
  void release(Node *node);
  void release_all(Node *node);
  Node *new_node();

  std::uint64_t low_ = 0, high_ = 0;
  Node *root_ = nullptr;
  Node *spare_ = nullptr; // list of unused nodes, linked by `right`
  std::size_t count_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15ULL;
};

} // namespace mana
