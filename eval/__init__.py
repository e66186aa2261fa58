"""What the evaluation works with, and what the assistant is compared with; no part of the assistant."""
