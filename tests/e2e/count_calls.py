"""Counts the MPI calls that each rank of a program makes, by running it natively once.

A library that is preloaded defines every MPI function which the test programs use, from C (MPI_Send) and from Fortran
(mpi_send_, mpi_send_f08_, mpi_send_f08ts_), as a few instructions: count, jump to the next definition. So it needs no
prototypes and is the same for both MPIs. Only calls which the main thread makes from the program itself count, as with
--checkpoint-at: libmpichfort and MPICH's ROMIO use MPI functions too. Each process adds its count to a file when it ends.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import harness

_COUNTER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
unsigned long mpi_calls, main_thread, program_begin, program_bytes;
struct function {
  const char *name;
  void **next;
};
extern struct function __start_mpi_functions[], __stop_mpi_functions[];
// The first object is the program.
static int place(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  for (int i = 0; i < info->dlpi_phnum; ++i)
    if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
      program_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
      program_bytes = info->dlpi_phdr[i].p_memsz;
    }
  return 1;
}
static void __attribute__((constructor)) find(void) {
  dl_iterate_phdr(place, NULL);
  main_thread = (unsigned long)pthread_self();
  for (struct function *f = __start_mpi_functions; f < __stop_mpi_functions; ++f) *f->next = dlsym(RTLD_NEXT, f->name);
}
static void __attribute__((destructor)) tell(void) {
  const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *path = getenv("MPI_CALLS_FILE");
  char line[60];
  if (!rank) rank = getenv("PMI_RANK");
  if (!rank || !path || !mpi_calls) return;
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (write(fd, line, snprintf(line, sizeof line, "%s %lu\n", rank, mpi_calls)) < 0) _exit(1);
  close(fd);
}
"""

_STUB = r"""
.text
.globl {0}
.type {0}, @function
{0}: mov %fs:0x10, %r11
 mov main_thread@GOTPCREL(%rip), %r10
 cmp (%r10), %r11
 jne 1f
 mov (%rsp), %r11
 mov program_begin@GOTPCREL(%rip), %r10
 sub (%r10), %r11
 mov program_bytes@GOTPCREL(%rip), %r10
 cmp (%r10), %r11
 jae 1f
 mov mpi_calls@GOTPCREL(%rip), %r11
 lock incq (%r11)
1: jmp *next_{0}(%rip)
.lcomm next_{0}, 8
.section .rodata
name_{0}: .asciz "{0}"
.section mpi_functions, "aw"
 .quad name_{0}, next_{0}
"""
_STUBS_END = '.section .note.GNU-stack, "", @progbits\n'

# Answered by the front without an entry to the core: no checkpoint can be requested there.
sys.path.insert(0, str(harness.TOP / "mpi-wrappers"))
import table  # noqa: E402

_NOT_COUNTED = {f.c_name.lower() for f in table.load_functions().values() if f.behaviour in ("front", "tool")} - {
    "mpi_type_extent", "mpi_type_lb", "mpi_type_ub"}


def _is_counted(symbol):
    """Whether a symbol that a program needs is an MPI function, of C or of Fortran, that enters the core."""
    if re.fullmatch(r"MPIX?_[A-Z][a-z]\w*", symbol):
        return symbol.lower() not in _NOT_COUNTED
    routine = re.fullmatch(r"(mpi_\w+?)_(f08_|f08ts_)?", symbol)
    return bool(routine) and routine[1] not in _NOT_COUNTED and not re.match(r"mpi_(fortran_|sizeof|f_sync_reg)|.*_fn$", routine[1])


_counts = {}
_library = {}


def _counting_library(mpi):
    if mpi not in _library:
        folder = Path(tempfile.mkdtemp(prefix="mana-count-"))
        used = set()
        for path in (harness.PROGRAMS / mpi).iterdir():
            if path.suffix == "":
                out = subprocess.run(["nm", "-D", "--undefined-only", path], capture_output=True, text=True).stdout
                used |= {word for word in out.split() if _is_counted(word)}
        (folder / "stubs.S").write_text("".join(_STUB.format(name) for name in sorted(used)) + _STUBS_END)
        (folder / "counter.c").write_text(_COUNTER)
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", "count.so", "stubs.S", "counter.c"], cwd=folder, check=True)
        _library[mpi] = folder / "count.so"
    return _library[mpi]


def calls(name, ranks, mpi="mpich"):
    """Number of MPI calls of each rank, as a list, MPI_Init and MPI_Finalize among them."""
    key = name, ranks, mpi
    if key not in _counts:
        with harness.Case(f"count {name}", ranks) as case:
            preload = f"LD_PRELOAD={_counting_library(mpi)}"
            result = case.run(*harness.mpirun(mpi, ranks), "env", preload, f"MPI_CALLS_FILE={case.folder}/calls",
                              harness.program(name, mpi))
            if result.out != "ok\n":
                raise harness.Failure(case.report("does not say ok"))
            lines = [line.split() for line in (case.folder / "calls").read_text().splitlines()]
            _counts[key] = [count for _, count in sorted((int(rank), int(count)) for rank, count in lines)]
            if len(_counts[key]) != ranks:
                raise harness.Failure(case.report(f"counted {_counts[key]}"))
    return _counts[key]
