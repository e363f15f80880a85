// Requests made of other requests: MPI_Isendrecv, reductions in pieces, partitioned transfers.
//
//     whole (the application's)            not in the ring, nothing of its own below
//       ▲        ▲
//     part     part                        ordinary records in the ring: sends, receives, nonblocking collectives
//
// A part is like a request that the application has freed: when it completes, wherever that is noticed, it is given back,
// after telling its whole. The whole completes with its last part. So the drain and a restart see nothing new.
#pragma once
#include "core/objects.h"

namespace mana {

// Request::detached of a part; and of a message of the core's own, whose `buf` is freed with it.
inline constexpr std::uint8_t kPart = 2, kOwnsBuffer = 4;

// An active whole with one part that is missing: finish_whole() says that all have been added.
Request *new_whole(Comm *comm);
void start_whole(Request *whole);  // the same of an inactive persistent record
// Takes the part over. Its `buf`, if it is a send, is memory of the core that is freed with it.
void add_part(Request *whole, Request *part);
void finish_whole(Request *whole);

// The whole's status is that of a receive among its parts; its error that of the first part which failed.
void part_completed(Request *part);

// Tests what is pending of the list, parts of wholes and others alike; `block`: until something of it completes, or a
// checkpoint has been taken. Records that the caller has gathered natives of may have completed afterwards.
void progress_parts(int n, Request *const *requests, bool block);

// MPI_Cancel of a whole.
int cancel_parts(Request *whole);

}  // namespace mana
