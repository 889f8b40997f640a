"""What an hour costs and what a job cost: price books, the Price List, and pure arithmetic on them."""
