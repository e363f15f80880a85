"""The bodies of all reads and writes of files, in core_generated.cpp.

A name says everything: File_iwrite_at_all_c writes, at an explicit offset, collectively, nonblocking, with a large count.
So a body is a description of the access and the one call below, for core/file_access.h:

    int File_write_at(File *fh, std::int64_t offset, const void *buf, int count, Datatype *datatype, Status *status) {
      Call call(Fn::File_write_at);
      const FileAccess access{fh, kAccessWrites | kAccessExplicit, offset, const_cast<void *>(buf), count, datatype};
      return access_now(access, status, [](const AccessBelow &b, Status *s) {
        return seam()->mpi->File_write_at(b.file, b.offset, b.buf, b.count, b.type, s);
      });
    }
"""
import re

NAME = re.compile(r"File_(i?)(read|write)(_at|_shared|_ordered)?(_all)?(_begin|_end)?(_c)?")


def traits(name):
    _, direction, pointer, whole, _, _ = NAME.fullmatch(name).groups()
    found = ["kAccessWrites"] if direction == "write" else []
    if pointer == "_at":
        found.append("kAccessExplicit")
    if pointer in ("_shared", "_ordered"):
        found.append("kAccessShared")
    if whole or pointer == "_ordered":
        found.append("kAccessCollective")
    return " | ".join(found) or "0"


def below(f, last):
    """The call of the live MPI as a function of what access_*() has made of the arguments."""
    offset = "b.offset, " if "_at" in f.name else ""
    name = f.name.removesuffix("_c")
    extra = {"Status": ", s", "NativeRequest": ", r", "": ""}[last]
    parameter = f", {last} *{extra[2:]}" if last else ""
    return (f"[](const AccessBelow &b{parameter}) {{\n"
            f"    return seam()->mpi->{name}(b.file, {offset}b.buf, b.count, b.type{extra});\n  }}")


def ending(name):
    """Fn and function that end the split collective access which `name` begins."""
    end = name.removesuffix("_c").replace("_begin", "_end")
    return f"Fn::{end}, [](NativeFile file, void *buf, Status *s) {{ return seam()->mpi->{end}(file, buf, s); }}"


def body(f):
    nonblocking, direction, _, _, split, _ = NAME.fullmatch(f.name).groups()
    if split == "_end":
        return f"  return access_end(fh, Fn::{f.name}, status);\n"
    offset = "offset" if "_at" in f.name else "0"
    buf = "const_cast<void *>(buf)" if direction == "write" else "buf"
    text = f"  const FileAccess access{{fh, {traits(f.name)}, {offset}, {buf}, count, datatype}};\n"
    if split == "_begin":
        return text + f"  return access_begin(access, {below(f, '')}, {ending(f.name)});\n"
    if nonblocking:
        return text + f"  return access_later(access, request, {below(f, 'NativeRequest')});\n"
    return text + f"  return access_now(access, status, {below(f, 'Status')});\n"


def stub(f, signature):
    unused = "  (void)buf;\n" if f.name.endswith("_end") else ""
    return f"int {f.name}({signature}) {{\n  Call call(Fn::{f.name});\n{unused}{body(f)}}}\n\n"
