"""What keeps libraries from reporting to anybody: what is asked is confidential."""

SILENT = {
    **dict.fromkeys(("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2"), "false"),
    **{"ANONYMIZED_TELEMETRY": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"},
}
"""Set in the environment before any library is imported, whatever it says."""
