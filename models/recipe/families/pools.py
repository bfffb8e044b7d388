"""Words that several families share, so that copying one of them is learned once."""

NAMES = ("John", "Mark", "Anna", "Lucy", "Tom", "Mary", "Peter", "Emma")
THINGS = ("ball", "key", "cup", "book", "coin", "hat")
