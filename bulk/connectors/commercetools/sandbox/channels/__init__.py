"""Channels: creating them, changing them action by action, deleting them."""
