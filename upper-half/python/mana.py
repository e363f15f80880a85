"""What a Python program may ask of the checkpointer that it runs under: mana.h for Python.

    PYTHONPATH=PREFIX/lib/mana/python mana_launch mpirun -n 4 python3 script.py

    import mana
    if mana.checkpoint() == mana.RESTARTED:
        reopen_sockets()

The same script runs without a checkpointer: checkpoint() is NONE then, is_restarted() 0, and on_event() False. Needs an MPI
module (mpi4py) that has been imported before the first call, and nothing else.
"""
import ctypes
import os

__all__ = ["NONE", "TAKEN", "RESTARTED", "checkpoint", "is_restarted", "on_event"]

NONE, TAKEN, RESTARTED = -1, 0, 1

_FRONTS = ("libmpi.so.40", "libmpich.so.12", "libmpi.so.12")
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_registered = []  # what the checkpointer has pointers to


def _function(name, *arguments):
    """The front's function of that name; None when the MPI library in this process is no front of ours."""
    for library in _FRONTS:
        try:
            function = getattr(ctypes.CDLL(library, mode=os.RTLD_NOLOAD | os.RTLD_NOW), name)
        except (OSError, AttributeError):
            continue
        function.argtypes, function.restype = arguments, ctypes.c_int
        return function
    return None


def checkpoint():
    """Takes a checkpoint of the whole job now, between MPI.Init and MPI.Finalize; one rank's call is enough. TAKEN in the process
    that goes on (also when the checkpoint was given up), RESTARTED in one that was started from it, NONE when nothing could
    take one."""
    function = _function("mana_checkpoint_impl")
    return function() if function else NONE


def is_restarted():
    """How often this process has been restarted from a checkpoint."""
    function = _function("mana_is_restarted_impl")
    return function() if function else 0


def on_event(before=None, after_resume=None, after_restart=None):
    """Has functions without arguments called before each checkpoint of this process, and then after it in this process or in one
    started from it, in the thread that has initialized MPI. They must not call MPI; what they raise is printed and ignored.
    A program with such functions is checkpointed only inside an MPI call or checkpoint(). Returns whether they will be called."""
    function = _function("mana_on_event_impl", _CALLBACK, _CALLBACK, _CALLBACK, ctypes.c_void_p)
    if function is None:
        return False
    callbacks = [_CALLBACK(lambda _, call=call: call()) if call else _CALLBACK() for call in (before, after_resume, after_restart)]
    _registered.append(callbacks)
    return function(*callbacks, None) == 0
