"""What the names and folders of pictures, and tables beside them, say of splits and classes."""
