"""Conversations with Luminous, as generators: no I/O here."""
