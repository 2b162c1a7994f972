"""Conversations with commercetools, as generators: no I/O here."""
