"""How a session reaches its room: one port, and what stands behind it."""
