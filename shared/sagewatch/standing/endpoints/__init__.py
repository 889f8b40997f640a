"""Actions on endpoints: copies to 0, scale in, delete and keep the recipe, restore. A person confirms each."""
