"""What is exchanged besides the conversation: streams, calls, shared state, data tracks."""
