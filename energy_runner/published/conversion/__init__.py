"""A published session as a session of ours: record, journal and trace."""
