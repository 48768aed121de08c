"""Every error that fivebox raises on purpose.

Each is also the builtin it resembles, so a caller may catch either name:

    FiveboxError
    ├── InputError (ValueError)          something given to be read can't be
    │   ├── ImageError                   not an image, damaged, or too large
    │   └── RecordingError               not a touch recording
    ├── ModelError (ValueError)          a model or its card is missing or unfit
    │   └── UpdateError                  a model's update is refused
    ├── DirectoryError (ValueError)      a directory of postcodes can't be used
    ├── ConfigError (ValueError)         a setting is unknown or can't be what it is said to be
    ├── FormError (ValueError)           no such form can be made
    ├── OutputError (OSError)            a result can't be written
    ├── JournalError (OSError)           the journal can't be opened, read or written
    ├── UnknownReadingError (LookupError)  the journal has no such reading
    ├── KioskError (OSError)             the kiosk can't be served as it was asked for
    ├── SourceError (OSError)            a camera can't be used, or sends what is no picture
    │   ├── SourceUriError (ValueError)  its URI names no source, or an option that is none
    │   ├── SourceMissingError           it isn't there
    │   ├── SourceBusyError              another program has it
    │   ├── SourceDeniedError            this user may not use it
    │   ├── SourceLostError              it was unplugged
    │   └── SourceHungError              it sends no frames
    ├── PublishError (OSError)           a receiver can't be reached, or doesn't take a reading
    │   └── RefusedError                 it understood a reading and won't have it
    ├── WindowError (OSError)            there is no screen for a window, or OpenCV has none
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


class UpdateError(ModelError):
    """A model's update is not trusted, not whole, older, or not good enough."""


class DirectoryError(FiveboxError, ValueError):
    """The directory of valid postcodes is missing or has a line that is none."""


class ConfigError(FiveboxError, ValueError):
    """A setting is unknown, of the wrong type or out of its range, or can't be read."""

    exit_code = 2


class FormError(FiveboxError, ValueError):
    """A form can't be made as it was asked for."""

    exit_code = 2


class OutputError(FiveboxError, OSError):
    """A result can't be written where it was asked for."""


class JournalError(FiveboxError, OSError):
    """The journal can't be opened, read or written; what it was given is not stored."""


class UnknownReadingError(FiveboxError, LookupError):
    """The journal has no reading of that id."""


class KioskError(FiveboxError, OSError):
    """The kiosk can't be served as it was asked for."""


class SourceError(FiveboxError, OSError):
    """A camera, or what stands in for one, can't be used; another try may succeed."""

    problem = "damaged"
    """What is wrong, in a word for programs."""
    is_lasting = False
    """Whether it takes a person's change before another try may succeed."""


class SourceUriError(SourceError, ValueError):
    """The URI names no kind of source, or an option or a value that the kind hasn't."""

    exit_code = 2
    is_lasting = True


class SourceMissingError(SourceError):
    """The camera, the file or the server isn't there."""

    problem = "missing"


class SourceBusyError(SourceError):
    """Another program has the camera."""

    problem = "busy"


class SourceDeniedError(SourceError):
    """This user may not use the camera."""

    problem = "denied"


class SourceLostError(SourceError):
    """The camera was there and is no more."""

    problem = "unplugged"


class SourceHungError(SourceError):
    """The camera is there and sends no frames."""

    problem = "hung"


class PublishError(FiveboxError, OSError):
    """A reading did not arrive; it is sent again."""

    wait_s: float | None = None
    """How long the receiver asks to wait before that, seconds; None where it doesn't say."""


class RefusedError(PublishError):
    """The receiver understood the reading and won't have it."""


class WindowError(FiveboxError, OSError):
    """No window can be opened: there is no screen, or OpenCV was built without windows."""


class WorkerError(FiveboxError, RuntimeError):
    """A process that reads inputs beside others can't be started."""


class PackageMissingError(FiveboxError, ImportError):
    """What was asked for needs a package that is not installed."""


class RuntimeMissingError(PackageMissingError):
    """No TFLite interpreter is installed."""
