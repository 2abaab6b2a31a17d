"""What can go wrong, and whose fault it is. `service` turns the first four into gRPC's status codes.

ModelServerError
├── InvalidRequest      the client's fault; the same request never succeeds    INVALID_ARGUMENT
├── UnknownSignature    the client's fault; the same request never succeeds    FAILED_PRECONDITION
├── ServableNotFound    a wrong name, or not loaded yet; a retry may help      NOT_FOUND
├── Abandoned           the caller hung up or its deadline passed              (nobody listens any more)
├── UnservableModel     a version can't be read, is half copied or of another form; polls try again what may be well
└── CannotStart         the operator's fault: a taken port, a missing folder, a broken configuration
"""


class ModelServerError(Exception):
    """Any error of this service."""


class InvalidRequest(ModelServerError):
    """Raised when a request does not fit the model's signature."""


class UnknownSignature(ModelServerError):
    """Raised when a request names a signature that the model does not have."""


class ServableNotFound(ModelServerError):
    """Raised when no loaded version answers to the name and version of a request."""


class Abandoned(ModelServerError):
    """Raised when nobody waits for the answer any more, so that work on it stops."""


class UnservableModel(ModelServerError):
    """Raised when a version's folder holds no model that can be served."""


class CannotStart(ModelServerError):
    """Raised when the process can't begin to serve; its message is one line for the operator."""
