"""Every error that fivebox raises on purpose.

Each is also the builtin it resembles, so a caller may catch either name:

    FiveboxError
    ├── InputError (ValueError)          something given to be read can't be
    │   ├── ImageError                   not an image, damaged, or too large
    │   └── RecordingError               not a touch recording
    ├── ModelError (ValueError)          a model or its card is missing or unfit
    ├── DirectoryError (ValueError)      a directory of postcodes can't be used
    ├── OutputError (OSError)            a result can't be written
    ├── WorkerError (RuntimeError)       a process that reads inputs can't be started
    └── PackageMissingError (ImportError)  a package that is asked for is not installed
        └── RuntimeMissingError          no interpreter is

The message is one sentence for a person: what is wrong, where, what to do.
"""

from __future__ import annotations


class FiveboxError(Exception):
    """Base of all errors raised on purpose; the command line prints it as one line."""

    exit_code = 1


class InputError(FiveboxError, ValueError):
    """An input can't be read; the others still can."""


class ImageError(InputError):
    """The bytes or the array are not an image that can be read."""


class RecordingError(InputError):
    """The data is not a touch recording."""


class ModelError(FiveboxError, ValueError):
    """The model file or its card is missing, damaged or of the wrong kind."""


class DirectoryError(FiveboxError, ValueError):
    """The directory of valid postcodes is missing or has a line that is none."""


class OutputError(FiveboxError, OSError):
    """A result can't be written where it was asked for."""


class WorkerError(FiveboxError, RuntimeError):
    """A process that reads inputs beside others can't be started."""


class PackageMissingError(FiveboxError, ImportError):
    """What was asked for needs a package that is not installed."""


class RuntimeMissingError(PackageMissingError):
    """No TFLite interpreter is installed."""
