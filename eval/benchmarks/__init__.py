"""What the assistant is compared with, and the page that compares; only benchmarks and tests import it."""
