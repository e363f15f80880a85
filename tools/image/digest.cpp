// See digest.h. The header-only form of xxhash: the lower half is linked with no library of its own choice.
#include "tools/image/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mana::image {

struct Digester::State {
  XXH3_state_t xxh;
};

Digest digest_of(const void *data, std::size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  return {hash.low64, hash.high64};
}

Digester::Digester() : state_(new State) { reset(); }
Digester::~Digester() = default;
void Digester::reset() { XXH3_128bits_reset(&state_->xxh); }
void Digester::add(const void *data, std::size_t size) { XXH3_128bits_update(&state_->xxh, data, size); }

Digest Digester::result() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh);
  return {hash.low64, hash.high64};
}

}  // namespace mana::image
