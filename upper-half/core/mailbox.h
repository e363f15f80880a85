// Small messages of the core from process to process, outside of any communicator of the application: how leaders of groups
// find each other, and tell their groups.
//
// They go over the core's own communicator (drain/exchange.h), so a process that waits for one can be checkpointed, and one
// that is under way at a checkpoint is taken by the drain. What has arrived and is not yet waited for is kept here, in order.
#pragma once
#include <cstdint>

namespace mana {

enum class MailKind : std::int32_t {
  meeting = 1,  // MPI_Intercomm_create, leader to leader: `about` the peer communicator, `tag`, `number` of the sender's
  agreement,    // leader to member: `about` the communicator; an Agreement
  connection,   // MPI_Comm_connect: `about` the port, `number` of the sender's
  acceptance,   // the answer: `about` the connection's number, `number` of the sender's
};

// What the leader of a group has agreed upon with that of another.
struct Agreement {
  std::uint64_t key;     // of the collective which joins the groups
  std::int32_t leader;   // process of the other group
  std::int32_t count;    // processes that were spawned
  std::int32_t error;    // ABI error instead
};

struct Mail {
  MailKind kind;
  std::int64_t tag;
  std::uint64_t about, number;
  Agreement agreement;
};

void send_mail(int process, const Mail &mail);

inline constexpr int kAnySender = -1;

// Waits for the first mail like this one in kind, subject and tag. Parks when a checkpoint wants that. Returns its sender.
int await_mail(int sender, MailKind kind, std::uint64_t about, std::int64_t tag, Mail *found);

// In the drain: mail has arrived.
void keep_mail(int sender, const void *data);

}  // namespace mana
