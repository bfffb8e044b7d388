"""The desktop's pages, one module each, imported when they are first opened."""
