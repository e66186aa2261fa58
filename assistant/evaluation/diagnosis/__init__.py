"""Where evidence was lost: `funnel` over all cases, `explain` for one."""
