"""A library in another place: moved there by the app, or found there by it."""
