"""Backups: made, kept as often as the user wants, thinned, opened, compared, and put into place."""
