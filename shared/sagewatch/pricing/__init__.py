"""Price instances and jobs: price books, the AWS Price List, and pure arithmetic on them."""
