"""The one kind of error that a user is meant to read; every other exception is a bug."""


class UserError(Exception):
    """Something that the user can put right.

    `message` says what is wrong and where, in one sentence; `hint` says what to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()
