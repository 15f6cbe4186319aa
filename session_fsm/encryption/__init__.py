"""End-to-end encryption: what is asked for, what is seen of it, and the keys."""
