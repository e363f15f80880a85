// Makes the process look like the application to ps, top and gdb.
#pragma once

namespace mana {

// Publishes argv, environment and auxv of the upper half (from SavedProcess) as /proc/PID/{cmdline,environ,auxv}, and
// the program's name as the thread's. Then `ps` shows the application, and `gdb -iex 'set exec-file-mismatch off'
// ./app -p PID` finds its libraries. At launch and at restart. Best effort: where the kernel refuses, nothing but the
// looks is lost. /proc/PID/exe cannot be changed unprivileged.
void publish_application();

} // namespace mana
