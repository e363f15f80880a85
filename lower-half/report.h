// Refusals before the application runs: a sentence on stderr, an exit code (sysexits and the shell's 126/127), no
// stack. Later on, LowerServices::die ends the job.
#pragma once

namespace mana {

// "mana: <sentence>" and exit.
[[noreturn]] void refuse(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The same with ": " and the text of errno.
[[noreturn]] void refuse_errno(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

} // namespace mana
