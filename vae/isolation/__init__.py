"""Reading of uploads in a process of its own, under limits of memory and time."""
