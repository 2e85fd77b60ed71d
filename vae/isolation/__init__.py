"""Work in a process of its own, under limits of memory and time: what visitors upload is read."""
