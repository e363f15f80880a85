// execve() by the application.
//
// A launcher often starts something that only then becomes the MPI program: a shell script that ends in `exec ./app`, env, numactl,
// taskset. So the program that a rank executes before MPI is initialised takes its place in a new lower half, under the
// coordinator's eyes:
//
//     on_execve()        in the rank's process, MPI untouched?   no ─► as the kernel does it
//       │ yes
//       ▼
//     prepare_exec()     can it be loaded?                       no ─► a sentence, and as the kernel does it
//       │ yes            the coordinator is told: this rank comes back
//       ▼
//     execve(lower half, "--program" PATH "--" ARGV..., the application's environment and MANA_*)
//
// What a child of the application executes is left alone; a program that is linked with MPI gets a sentence.
#pragma once

namespace mana {

// --- everywhere, no libc (exec_calls_nolibc.cpp) ---
void register_exec_calls();

// --- with libc (exec.cpp), called with the application's TLS ---
// What to give to execve, in pages of the window.
struct Exec {
  const char *path;
  char *const *argv;
  char *const *envp;
};
// Null: left to the kernel.
Exec *prepare_exec(const char *path, char *const *argv, char *const *envp);
// It has failed.
void undo_exec(Exec *exec);

} // namespace mana
