// See ranges.h. In split(), join(), insert() the tree is ordered by `start`; extents never touch each other.
#include "ranges.h"

#include <asm/unistd.h>
#include <sys/mman.h>

#include "arch/x86_64/raw_syscall.h"

namespace mana {

namespace {
constexpr std::size_t kChunkBytes = 256 * 1024; // of nodes; about 5,400
}

void Ranges::reset(std::uint64_t low, std::uint64_t high) {
  release_all(root_);
  root_ = nullptr;
  low_ = low;
  high_ = high;
  insert(low, high);
}

void Ranges::take(std::uint64_t start, std::uint64_t end) {
  start = start < low_ ? low_ : start;
  end = end > high_ ? high_ : end;
  if (start >= end || take_from_edge(start, end))
    return;

  Node *below, *inside, *above, *rest;
  split(root_, start, below, rest);
  split(rest, end, inside, above);

  // An extent may begin before the range, and one may end after it (the same one, perhaps).
  const Node *cut = rightmost(below);
  const bool cuts = cut && cut->end > start;
  const std::uint64_t cut_start = cuts ? cut->start : 0;
  const Node *last = inside ? rightmost(inside) : cut;
  const std::uint64_t right_end = last && last->end > end ? last->end : 0;

  release_all(inside);
  root_ = join(below, above);
  if (cuts) {
    remove(cut_start);
    insert(cut_start, start);
  }
  if (right_end)
    insert(end, right_end);
}

// The usual cases, without a split: a new mapping lies at the edge of an extent, and goes back where it was.
bool Ranges::take_from_edge(std::uint64_t start, std::uint64_t end) {
  const Node *node = last_start_at_or_below(start);
  if (!node || node->end < end || (node->start == start) == (node->end == end))
    return false;
  if (node->start == start)
    resize(root_, start, end, node->end);
  else
    resize(root_, node->start, node->start, start);
  return true;
}

bool Ranges::give_to_edge(std::uint64_t start, std::uint64_t end) {
  const Node *before = last_start_at_or_below(start), *after = first_start_above(start);
  const bool joins_before = before && before->end == start, joins_after = after && after->start == end;
  const bool apart = (!before || before->end <= start) && (!after || after->start >= end);
  if (!apart || joins_before == joins_after)
    return false;
  if (joins_before)
    resize(root_, before->start, before->start, end);
  else
    resize(root_, after->start, start, after->end);
  return true;
}

void Ranges::give(std::uint64_t start, std::uint64_t end) {
  start = start < low_ ? low_ : start;
  end = end > high_ ? high_ : end;
  if (start >= end || give_to_edge(start, end))
    return;
  take(start, end);

  const Node *before = last_start_at_or_below(start);
  if (before && before->end == start) {
    const std::uint64_t merged = before->start;
    remove(merged);
    start = merged;
  }
  const Node *after = first_start_above(start);
  if (after && after->start == end) {
    const std::uint64_t merged = after->end;
    remove(after->start);
    end = merged;
  }
  insert(start, end);
}

bool Ranges::is_free(std::uint64_t start, std::uint64_t end) const {
  const Node *node = last_start_at_or_below(start);
  return node && start < end && node->end >= end;
}

std::uint64_t Ranges::find(std::uint64_t bytes, std::uint64_t align, std::uint64_t from, std::uint64_t to) const {
  if (bytes == 0 || to < bytes)
    return 0;
  return find_in(root_, bytes, align, from, to);
}

std::uint64_t Ranges::find_in(const Node *node, std::uint64_t bytes, std::uint64_t align, std::uint64_t from,
                              std::uint64_t to) {
  if (!node || node->longest < bytes)
    return 0;
  if (node->start > from) {
    if (const std::uint64_t found = find_in(node->left, bytes, align, from, to))
      return found;
  }
  const std::uint64_t start = node->start > from ? node->start : from;
  const std::uint64_t aligned = (start + align - 1) & ~(align - 1);
  const std::uint64_t end = node->end < to ? node->end : to;
  if (aligned >= start && aligned < end && end - aligned >= bytes)
    return aligned;
  if (node->start >= to)
    return 0;
  return find_in(node->right, bytes, align, from, to);
}

Extent Ranges::next_used(std::uint64_t from) const {
  if (from < low_)
    from = low_;
  const Node *free = last_start_at_or_below(from);
  if (free && free->end > from)
    from = free->end;
  if (from >= high_)
    return {};
  const Node *next = first_start_above(from);
  return {from, next ? next->start : high_};
}

const Ranges::Node *Ranges::last_start_at_or_below(std::uint64_t address) const {
  const Node *best = nullptr;
  for (const Node *node = root_; node; node = node->start <= address ? node->right : node->left)
    if (node->start <= address)
      best = node;
  return best;
}

const Ranges::Node *Ranges::first_start_above(std::uint64_t address) const {
  const Node *best = nullptr;
  for (const Node *node = root_; node; node = node->start > address ? node->left : node->right)
    if (node->start > address)
      best = node;
  return best;
}

// --- the treap ---

void Ranges::update(Node *node) {
  node->longest = node->end - node->start;
  if (node->left && node->left->longest > node->longest)
    node->longest = node->left->longest;
  if (node->right && node->right->longest > node->longest)
    node->longest = node->right->longest;
}

// The extent that starts at `key` gets new ends, which do not reach past its neighbours: the order stays.
void Ranges::resize(Node *node, std::uint64_t key, std::uint64_t start, std::uint64_t end) {
  if (node->start == key) {
    node->start = start;
    node->end = end;
  } else {
    resize(node->start < key ? node->right : node->left, key, start, end);
  }
  update(node);
}

// `below`: starts < key, `from`: starts >= key.
void Ranges::split(Node *node, std::uint64_t key, Node *&below, Node *&from) {
  if (!node) {
    below = from = nullptr;
  } else if (node->start < key) {
    below = node;
    split(node->right, key, node->right, from);
    update(node);
  } else {
    from = node;
    split(node->left, key, below, node->left);
    update(node);
  }
}

// Every start in `a` is below every start in `b`.
Ranges::Node *Ranges::join(Node *a, Node *b) {
  if (!a)
    return b;
  if (!b)
    return a;
  if (a->priority > b->priority) {
    a->right = join(a->right, b);
    update(a);
    return a;
  }
  b->left = join(a, b->left);
  update(b);
  return b;
}

Ranges::Node *Ranges::leftmost(Node *node) {
  while (node && node->left)
    node = node->left;
  return node;
}

Ranges::Node *Ranges::rightmost(Node *node) {
  while (node && node->right)
    node = node->right;
  return node;
}

void Ranges::insert(std::uint64_t start, std::uint64_t end) {
  Node *node = new_node();
  node->start = start;
  node->end = end;
  node->left = node->right = nullptr;
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  node->priority = random_;
  update(node);
  Node *below, *from;
  split(root_, start, below, from);
  root_ = join(join(below, node), from);
  ++count_;
}

void Ranges::remove(std::uint64_t start) {
  Node *below, *node, *above, *rest;
  split(root_, start, below, rest);
  split(rest, start + 1, node, above);
  release_all(node);
  root_ = join(below, above);
}

void Ranges::release_all(Node *node) {
  if (!node)
    return;
  release_all(node->left);
  release_all(node->right);
  release(node);
}

void Ranges::release(Node *node) {
  node->right = spare_;
  spare_ = node;
  --count_;
}

Ranges::Node *Ranges::new_node() {
  if (!spare_) {
    const long chunk =
        raw_syscall(__NR_mmap, 0, kChunkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1ul, 0);
    if (failed(chunk))
      __builtin_trap(); // 256 KiB of memory for the bookkeeping: nothing can go on without
    Node *nodes = reinterpret_cast<Node *>(chunk);
    for (std::size_t i = kChunkBytes / sizeof(Node); i-- > 0;) {
      nodes[i].right = spare_;
      spare_ = &nodes[i];
    }
  }
  Node *node = spare_;
  spare_ = node->right;
  return node;
}

} // namespace mana
