"""Files on the disk: atomic writes, locks between processes, folders of this user, CSV tables."""
