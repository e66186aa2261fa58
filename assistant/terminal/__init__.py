"""What a person sees: answers and passages, progress, long texts. No command is decided here."""
