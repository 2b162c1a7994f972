"""Types, which give channels and addresses their custom fields."""
