// See exchange.h.
#include "drain/exchange.h"

#include <cstring>

#include "abi_constants.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/start.h"
#include "lower_mpi.h"

namespace mana {

namespace {

struct Outgoing {
  Outgoing *next;
  NativeRequest native;
  unsigned char data[kProtocolBytes];
};
Outgoing *outgoing = nullptr;

bool test(NativeRequest *request) {
  Status status;
  std::uint8_t completed = 0;
  seam()->services->blocking->test(1, request, &status, &completed, WaitMode::all);
  return completed != 0;
}

void check(int error, const char *what) {
  if (error != 0) seam()->services->die(125, what);
}

}  // namespace

void protocol_send(int world_rank, ProtocolTag tag, const void *data, int bytes) {
  auto *message = static_cast<Outgoing *>(core_alloc(sizeof(Outgoing)));
  std::memcpy(message->data, data, static_cast<std::size_t>(bytes));
  check(seam()->mpi->Issend(message->data, bytes, natives.byte, world_rank, tag, natives.protocol, &message->native),
        "drain: the live MPI refused a protocol message");
  message->next = outgoing;
  outgoing = message;
}

bool protocol_sends_done() {
  for (Outgoing **place = &outgoing; *place;) {
    Outgoing *message = *place;
    if (!test(&message->native)) {
      place = &message->next;
      continue;
    }
    *place = message->next;
    core_free(message);
  }
  return !outgoing;
}

bool protocol_poll(ProtocolHandler handler) {
  int flag = 0;
  Status status;
  NativeMessage found;
  const LowerMpi *mpi = seam()->mpi;
  check(mpi->Improbe(abi::ANY_SOURCE, abi::ANY_TAG, natives.protocol, &flag, &found, &status),
        "drain: the live MPI failed to probe");
  if (!flag) return false;
  unsigned char data[kProtocolBytes];
  check(mpi->Mrecv(data, kProtocolBytes, natives.byte, &found, &status), "drain: a protocol message was lost");
  handler(status.source, static_cast<ProtocolTag>(status.tag), data);
  return true;
}

bool exchange(ProtocolHandler handler, bool here) {
  while (!protocol_sends_done()) protocol_poll(handler);
  const std::uint8_t mine = here;
  std::uint8_t any = 0;
  NativeRequest reduction;
  check(seam()->mpi->Iallreduce(&mine, &any, 1, natives.byte, predefined<Op>(abi::BOR)->native, natives.protocol, &reduction),
        "drain: the live MPI refused a reduction");
  while (!test(&reduction)) protocol_poll(handler);
  return any != 0;
}

}  // namespace mana
