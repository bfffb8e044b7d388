"""Caring for the database: finding damage, mending it or reading on behind it, and giving space back."""
