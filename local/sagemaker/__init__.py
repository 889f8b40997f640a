"""SageMaker, Jupyter and the Price List, as far as the product uses them."""
