"""What can go wrong with a request, by the names that gRPC and TensorFlow Serving give it."""

from tfdogs.errors import TfdogsError

# The HTTP status of each code, as TensorFlow Serving's REST API answers it.
HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
}


class ServingError(TfdogsError):
    """A request that was refused or failed.

    Attributes:
        code: a key of `HTTP_STATUS`.
        message: one line for the caller.
    """

    def __init__(self, code, message):
        if code not in HTTP_STATUS:
            raise ValueError(f"code must be one of {', '.join(HTTP_STATUS)}. Received: {code}")
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
