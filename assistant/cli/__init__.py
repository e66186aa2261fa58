"""The command line: commands, their options, batches, the doctor. What they do is `api`'s."""
