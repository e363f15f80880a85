// Restart: this process, just started by the launcher, becomes the one that an image was written of.
#pragma once

namespace mana {

// `path`: an image, or a generation's directory with rank-R.mana for this rank. Never returns. Whatever is wrong with the
// image or with this host is said before anything is replaced (sysexits: 65 damaged, 66 something is missing, 77 not
// yours, 78 this host cannot run it).
[[noreturn]] void restore_and_run(const char *path);

}  // namespace mana
