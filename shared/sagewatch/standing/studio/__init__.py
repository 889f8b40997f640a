"""The audit of Studio's idle shutdown: settings as they are read, and findings with the call that fixes each."""
