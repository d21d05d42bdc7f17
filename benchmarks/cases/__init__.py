"""The measured networks, one file each."""
