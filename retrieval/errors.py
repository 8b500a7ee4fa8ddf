"""Every error that Pincite raises on purpose.

PinciteError
├── ArgumentError        a value cannot be used
├── QuestionError        the question itself cannot be asked
├── DocumentError        one document or file cannot be read or stored
│   └── ContentError     until the file changes
│       └── EmptyError   for there is no text in it
├── SyncError            a folder cannot be followed
├── ModelError           the embedding model cannot be found, checked or loaded
├── ClusterError         the machines that encode cannot be had or lose work
└── LibraryError         the library as a whole
    ├── LibraryDamagedError
    ├── EncoderMismatchError
    ├── StorageError
    └── UnreachableError a server that holds it
"""


class PinciteError(Exception):
    """Base of all; people see it in the terminal or on the page, so its text says what to do."""


class ArgumentError(PinciteError, ValueError):
    """Seen by whoever calls: names the argument, what was given and what is expected; nothing was done."""


class QuestionError(PinciteError):
    """Seen by whoever asks: the question is empty or longer than the limit."""


class DocumentError(PinciteError):
    """Seen in the report of an add: names the file or doc_id; the other documents go on."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class ContentError(DocumentError):
    """Seen as its base is: what the file holds cannot be read. size, mtime_ns: the file's state at that time."""

    def __init__(self, source: str, reason: str, size: int, mtime_ns: int) -> None:
        super().__init__(source, reason)
        self.size = size
        self.mtime_ns = mtime_ns


class EmptyError(ContentError):
    """Seen as its base is: the file holds no text, so what it held before answers no more."""


class SyncError(PinciteError):
    """Seen on sync: the folder is not there, or so little is left in it that it may not be whole; nothing changed."""


class ModelError(PinciteError):
    """Seen on first use: the weights are missing, altered, or of a kind that cannot be used."""


class ClusterError(PinciteError):
    """Seen on an add with a Ray cluster: Ray is missing, cannot be reached or failed; what was stored is kept."""


class LibraryError(PinciteError):
    """Seen on open or write: the library folder is missing, unreadable or not a library."""


class LibraryDamagedError(LibraryError):
    """Seen on open, search or write: library.db is damaged; the file is left as it is."""


class EncoderMismatchError(LibraryError):
    """Seen on add or search: the library was built with another encoder; says how to go on."""


class UnreachableError(LibraryError):
    """Seen on any use: a server does not answer or refuses the token; names it. Nothing was half done."""


class StorageError(LibraryError):
    """Seen on write: the disk is full, read-only or locked; what was acknowledged is kept."""
