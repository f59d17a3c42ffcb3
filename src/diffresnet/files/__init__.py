"""Files on disk: written atomically, checked before long work, read without trust."""
