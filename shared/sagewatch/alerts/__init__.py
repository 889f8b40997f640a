"""What every alert has, how many are told as one, and where alerts go."""
