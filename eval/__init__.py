"""What the evaluation works with, benchmarks, and the reader's training; no part of the assistant."""
