"""The agent's session channel, ``lk.agent.session``: what the agent tells of itself."""
