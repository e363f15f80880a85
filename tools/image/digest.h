// XXH3-128 over memory, whole or in pieces.
#pragma once
#include <cstddef>
#include <memory>

#include "tools/image/image.h"

namespace mana::image {

Digest digest_of(const void *data, std::size_t size);

class Digester {
public:
  Digester();
  ~Digester();
  Digester(const Digester &) = delete;
  Digester &operator=(const Digester &) = delete;
  void reset();
  void add(const void *data, std::size_t size);
  Digest result() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mana::image
