"""The command line: commands, options, batches, the doctor. The work is done by `api`."""
