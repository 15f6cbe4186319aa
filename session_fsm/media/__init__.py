"""Audio and video: what this client sends, and what it hears and sees."""
