"""The conversation as one list of messages."""
