"""What a page asks, and how it judges: exercises, mistakes, and the ledgers of the proofs."""
