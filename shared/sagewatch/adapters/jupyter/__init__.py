"""A notebook's own Jupyter, asked through a presigned URL."""
