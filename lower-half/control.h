// This rank's side of the conversation with the coordinator (tools/protocol.h).
//
// A control thread of the lower half reads what the coordinator says and moves the state of the checkpoint
// on; threads of the application that are inside the lower half report and wait for that state. While they wait they
// let the live MPI make progress, because another rank may need this one to answer before it can get to its safe point.
//
//     idle ── QUIESCE ─► quiesce ── PARK ─► park ── DRAIN ─► drain ── WRITE ─► write ── RESUME / STOP ─► resume / stop
//       ▲                                                                                       │
//       └──────────────── CANCEL, lost connection, or resume() of the engine ───────────────────┘
//
// From all_parked() to resume() the engine "is in" the checkpoint: then a CANCEL is only noted, and it is the engine's
// resume() that lets everything go. Otherwise the control thread clears the intent itself.
//
// Without a coordinator every function here answers at once, and the program runs as it would alone. When the
// coordinator dies, so does the checkpoint under way; the program goes on, and stderr is told once.
//
// All functions run with the lower half's TLS.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "interface/seam.h"
#include "tools/protocol.h"

namespace mana {

// Rank and size as the launcher's environment tells them; 0 of 1 without a launcher.
int launcher_rank();
int launcher_size();
bool has_launcher(char *const *environment);

// Connects to MANA_COORDINATOR, if set, and starts the control thread. `restarted`: the engine is in a checkpoint whose
// other side lies in another process; `front` is then known from the image. Returns false when there is a
// coordinator that cannot be reached.
bool control_start(bool restarted, std::uint32_t front);

// The state of MPI in this process has changed; `busy` around MPI_Init and MPI_Finalize.
void control_tell(wire::RankState state);
// The one before MPI_Init: a single process can be saved at any time, also when it never calls it.
wire::RankState state_before_mpi();

// Before MPI_Init of a process that is started for MPI_Comm_spawn, or beside such: returns when all of them are there.
void control_await_all();

std::string control_checkpoint_directory();

Verdict control_gate(std::uint64_t comm_id, std::uint64_t number);
Verdict control_gate_plain();
void control_left_collective();
int control_request(bool stop);
void control_wait_intent(std::uint32_t seen);

// For interface/dynamic.h.
int control_request_spawn(std::uint64_t number, int count, const std::string &text);
int control_await_spawn(std::uint64_t number);
int control_name(const wire::Name &name, std::string *port);

// The engine's steps.
bool engine_is_in();
Verdict control_parked(const Standing &standing);     // after the other threads have been stopped
Verdict control_drained(std::string *directory);      // where to write
// After the image: the outcome for the coordinator, and what becomes of this process.
enum class Fate { resume, stop, failed };
Fate control_written(const wire::Written &written);
void control_failed(int error, const std::string &text);
void control_resume();

// Claims the checkpoint for the engine; false when none wants it parked (any more).
bool control_engine_enter();

// Waits, making MPI progress, until `*flag` is set by another thread, which then calls control_wake().
void control_wait_flag(const bool *flag);
void control_set_flag(bool *flag);

// One line on stderr: "mana: rank N: text".
void say(const std::string &text);

}  // namespace mana
