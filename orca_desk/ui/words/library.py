"""What is said about the library's drive."""

WITHOUT_LOCKS = "The drive of this library has no file locks, as some network drives."
WITHOUT_LOCKS_HINT = (
    "Open it on one computer at a time, or move it to a local disk: two at once could damage it."
)
