"""Terminal output: answers, passages, progress, paging. No command logic."""
