"""The closed lists of telemetry: what agents do, how it can fail, what they choose and why, and what is observed."""

RUN_STATUSES = ("success", "failure", "partial", "running")
STEP_TYPES = ("plan", "retrieve", "tool", "model", "validate", "respond", "handoff", "other")
FAILURE_TYPES = ("tool", "model", "retrieval", "orchestration", "validation", "timeout", "other")

# By decision type: the reasons that belong to it.
REASONS: dict[str, tuple[str, ...]] = {
    "tool_selection": (
        "fresh_data_required",
        "cached_data_sufficient",
        "tool_unavailable",
        "cost_optimization",
        "latency_optimization",
        "accuracy_required",
    ),
    "retrieval_strategy": (
        "semantic_search_preferred",
        "keyword_match_sufficient",
        "hybrid_approach_needed",
        "filter_applied",
        "rerank_required",
    ),
    "response_mode": ("streaming_requested", "batch_preferred", "format_constraint", "length_constraint"),
    "retry_strategy": (
        "transient_error_detected",
        "rate_limit_encountered",
        "no_retry_terminal_error",
        "retry_budget_exhausted",
        "backoff_required",
    ),
    "orchestration_path": (
        "sequential_required",
        "parallel_preferred",
        "conditional_branch",
        "early_exit",
        "fallback_path",
    ),
}

# By signal type: the codes that belong to it.
SIGNALS: dict[str, tuple[str, ...]] = {
    "schema_valid": ("full_match", "partial_match", "validation_failed", "no_schema_defined"),
    "empty_retrieval": ("no_results", "filtered_out", "index_empty"),
    "tool_success": ("first_attempt", "after_retry", "fallback_used"),
    "tool_failure": ("timeout", "invalid_input", "unavailable", "rate_limited", "authentication_failed"),
    "retry_occurred": ("single_retry", "multiple_retries", "max_retries_reached"),
    "latency_threshold": ("under_threshold", "exceeded_threshold", "significantly_exceeded"),
    "token_usage": ("low_usage", "moderate_usage", "high_usage", "limit_approached"),
}
