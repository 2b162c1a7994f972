"""Sales, fulfilment and end-to-end channels."""
