"""Tools for those who write the course: they derive, check and build what is committed."""
