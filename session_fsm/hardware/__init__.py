"""The microphones, loudspeakers and cameras of this computer: which there are, come and go."""
