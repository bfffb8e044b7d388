"""A library as one file, for another computer: packed, checked and unpacked."""
