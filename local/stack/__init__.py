"""The emulators, the template adapted to them, and the deployment."""
