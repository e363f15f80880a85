// See mailbox.h.
#include "core/mailbox.h"

#include <cstring>

#include "abi_constants.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/start.h"
#include "drain/exchange.h"
#include "lower_mpi.h"

namespace mana {

namespace {

static_assert(sizeof(Mail) <= kProtocolBytes);

// One that has arrived and is not yet waited for; oldest first.
struct Arrived {
  Arrived *next;
  int sender;
  Mail mail;
};
Arrived *arrived = nullptr;

void poll_mail() {
  const LowerMpi *mpi = seam()->mpi;
  for (;;) {
    int flag = 0;
    Status status;
    NativeMessage found;
    unsigned char data[kProtocolBytes];
    if (mpi->Improbe(abi::ANY_SOURCE, kTagMail, natives.protocol, &flag, &found, &status) != 0 || !flag) return;
    if (mpi->Mrecv(data, kProtocolBytes, natives.byte, &found, &status) == 0) keep_mail(status.source, data);
  }
}

bool take(int sender, MailKind kind, std::uint64_t about, std::int64_t tag, Mail *found, int *from) {
  for (Arrived **place = &arrived; *place; place = &(*place)->next) {
    Arrived *entry = *place;
    const Mail &mail = entry->mail;
    if (sender != kAnySender && entry->sender != sender) continue;
    if (mail.kind != kind || mail.about != about || mail.tag != tag) continue;
    *found = mail;
    *from = entry->sender;
    *place = entry->next;
    core_free(entry);
    return true;
  }
  return false;
}

// With several threads any of them may take up what another waits for, so none may block for its own.
void wait_for_any() {
  if (core_threaded) {
    pause_for_others();
    poll_mail();
    park();
    return;
  }
  Status status;
  if (seam()->services->blocking->probe(abi::ANY_SOURCE, kTagMail, natives.protocol, &status) == kInterrupted)
    park();
  else
    poll_mail();
}

}  // namespace

void send_mail(int process, const Mail &mail) {
  protocol_send(process, kTagMail, &mail, sizeof mail);
  protocol_sends_done();
}

int await_mail(int sender, MailKind kind, std::uint64_t about, std::int64_t tag, Mail *found) {
  int from;
  while (!take(sender, kind, about, tag, found, &from)) wait_for_any();
  protocol_sends_done();
  return from;
}

void keep_mail(int sender, const void *data) {
  auto *entry = static_cast<Arrived *>(core_alloc(sizeof(Arrived)));
  entry->next = nullptr;
  entry->sender = sender;
  std::memcpy(&entry->mail, data, sizeof(Mail));
  Arrived **end = &arrived;
  while (*end) end = &(*end)->next;
  *end = entry;
}

}  // namespace mana
