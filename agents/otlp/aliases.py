"""What is kept of a span's attributes, under whichever of their names: one table, and the allow-list of this door.

Sources: the OpenTelemetry semantic conventions for generative AI (`gen_ai.*`: github.com/open-telemetry/
semantic-conventions-genai, docs/registry/attributes/gen-ai.md; older names in the package opentelemetry-semantic-
conventions 0.66b2), those for resources, errors and HTTP (same package), and OpenInference (package
openinference-semantic-conventions 0.1.42). A few are what pydantic-ai and OpenLLMetry send beside or before them.
"""

# Names of what is read of a span, each with the attributes that may tell it: the first that is there counts.
TEXTS: dict[str, tuple[str, ...]] = {
    "operation": ("gen_ai.operation.name",),
    "span_kind": ("openinference.span.kind",),
    "agent": ("gen_ai.agent.name", "agent.name", "agent_name", "gen_ai.agent.id"),
    "agent_version": ("gen_ai.agent.version", "agent.version"),
    "workflow": ("gen_ai.workflow.name",),
    "tool": ("gen_ai.tool.name", "tool.name"),
    "session": ("gen_ai.conversation.id", "session.id"),
    "model": (
        "gen_ai.request.model",
        "gen_ai.response.model",
        "llm.request.model_name",
        "llm.model_name",
        "llm.response.model_name",
        "embedding.model_name",
        "reranker.model_name",
        "decision.model_name",
    ),
    "error": ("error.type", "exception.type"),
    "decision_type": ("assay.decision.type", "decision.type"),
    "decision_reason": ("assay.decision.reason_code", "decision.reason_code"),
    "decision_selected": ("assay.decision.selected", "decision.selected"),
    "resolution": ("assay.resolution_id",),
}
NUMBERS: dict[str, tuple[str, ...]] = {
    "tokens_in": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt",
        "llm.usage.prompt_tokens",
        "decision.token_count.input",
    ),
    "tokens_out": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
        "llm.usage.completion_tokens",
        "decision.token_count.output",
    ),
    "tokens_cached": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cached_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "llm.token_count.prompt_details.cache_read",
        "llm.token_count.prompt_details.cache_input",
    ),
    "cost": ("operation.cost", "llm.cost.total"),
    "http_status": ("http.response.status_code", "http.status_code"),
    "records": ("gen_ai.memory.record.count",),
    "confidence": ("assay.decision.confidence", "decision.confidence"),
}
# What those may be: the least, the most, and whether they count something, and so are whole.
RANGES: dict[str, tuple[int, int, bool]] = {
    "tokens_in": (0, 10**12, True),
    "tokens_out": (0, 10**12, True),
    "tokens_cached": (0, 10**12, True),
    "cost": (0, 10**6, False),
    "http_status": (0, 999, True),
    "records": (0, 10**9, True),
    "confidence": (0, 1, False),
}
# Lists of which no more than their length is read: as a list, or as JSON.
LENGTHS: dict[str, tuple[str, ...]] = {
    "documents": ("gen_ai.retrieval.documents", "retrieval.documents"),
}
RESOURCE: dict[str, tuple[str, ...]] = {
    "service": ("service.name",),
    "service_version": ("service.version",),
    "environment": ("deployment.environment.name", "deployment.environment"),
}
# What OpenTelemetry's SDKs say with every resource, of the service and of themselves: passed over without a count.
OF_SENDER = ("service.", "telemetry.")

# What a span is, by `gen_ai.operation.name` and by `openinference.span.kind`: an agent, or a step of this type.
OPERATIONS = {
    "chat": "model",
    "text_completion": "model",
    "completion": "model",
    "generate_content": "model",
    "embeddings": "retrieve",
    "retrieval": "retrieve",
    "search_memory": "retrieve",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "invoke_workflow": "agent",
    "plan": "plan",
    "create_agent": "other",
    "create_memory": "other",
    "update_memory": "other",
    "upsert_memory": "other",
    "delete_memory": "other",
    "create_memory_store": "other",
    "delete_memory_store": "other",
}
SPAN_KINDS = {
    "AGENT": "agent",
    "LLM": "model",
    "TOOL": "tool",
    "RETRIEVER": "retrieve",
    "RERANKER": "retrieve",
    "EMBEDDING": "retrieve",
    "GUARDRAIL": "validate",
    "EVALUATOR": "validate",
    "CHAIN": "plan",
    "DECISION": "plan",
    "PROMPT": "other",
    "UNKNOWN": "other",
}

# What is dropped, by the beginning of its key: the first that fits names it. Nothing of it is read, its key included.
DROPPED: tuple[tuple[str, str], ...] = (
    ("gen_ai.input.messages", "messages"),
    ("gen_ai.output.messages", "messages"),
    ("gen_ai.prompt", "messages"),
    ("gen_ai.completion", "messages"),
    ("gen_ai.content", "messages"),
    ("llm.input_messages", "messages"),
    ("llm.output_messages", "messages"),
    ("llm.prompts", "messages"),
    ("llm.choices", "messages"),
    ("pydantic_ai.all_messages", "messages"),
    ("all_messages", "messages"),
    ("final_result", "messages"),
    ("gen_ai.system_instructions", "instructions"),
    ("llm.prompt_template", "instructions"),
    ("gen_ai.tool.call.arguments", "tool_arguments"),
    ("tool_arguments", "tool_arguments"),
    ("tool.parameters", "tool_arguments"),
    ("gen_ai.tool.call.result", "tool_results"),
    ("tool_response", "tool_results"),
    ("gen_ai.tool.definitions", "definitions"),
    ("gen_ai.tool.description", "definitions"),
    ("gen_ai.agent.description", "definitions"),
    ("llm.tools", "definitions"),
    ("tool.description", "definitions"),
    ("tool.json_schema", "definitions"),
    ("model_request_parameters", "definitions"),
    ("retrieval.documents", "documents"),
    ("gen_ai.retrieval", "documents"),
    ("gen_ai.memory", "documents"),
    ("reranker.", "documents"),
    ("embedding.", "documents"),
    ("input.", "inputs"),
    ("output.", "outputs"),
    ("exception.", "exceptions"),
    ("metadata", "metadata"),
)
# Everything that this door counts as dropped, by name, with what is said of it.
NAMES = {
    "messages": "messages to and from models",
    "instructions": "instructions",
    "tool_arguments": "arguments of tools",
    "tool_results": "results of tools",
    "definitions": "definitions of tools and agents",
    "documents": "documents and queries",
    "inputs": "inputs",
    "outputs": "outputs",
    "exceptions": "messages of exceptions",
    "metadata": "metadata",
    "wrong_type": "values of another type than their attribute has",
    "out_of_range": "numbers out of their range",
    "attributes": "other attributes",
    "events": "events",
    "links": "links",
    "status_messages": "messages of statuses",
    "decisions": "decisions and signals, which this project does not keep",
    "unknown_reasons": "decisions whose reason is none of their type",
    "unknown_versions": "versions of prompts that this project does not have",
    "durations": "durations of spans that ended before they began",
    "plain_spans": "spans of traces without an agent, a model or a tool",
}
# The same where it is one.
ONE = {
    "messages": "message to or from a model",
    "instructions": "instruction",
    "tool_arguments": "argument list of a tool",
    "tool_results": "result of a tool",
    "definitions": "definition of a tool or an agent",
    "documents": "document or query",
    "inputs": "input",
    "outputs": "output",
    "exceptions": "message of an exception",
    "wrong_type": "value of another type than its attribute has",
    "out_of_range": "number out of its range",
    "attributes": "other attribute",
    "events": "event",
    "links": "link",
    "status_messages": "message of a status",
    "decisions": "decision or signal, which this project does not keep",
    "unknown_reasons": "decision whose reason is none of its type",
    "unknown_versions": "version of a prompt that this project does not have",
    "durations": "duration of a span that ended before it began",
    "plain_spans": "span of a trace without an agent, a model or a tool",
}


def family(key: str) -> str:
    """The name by which an attribute that is not kept is counted."""
    return next((name for beginning, name in DROPPED if key.startswith(beginning)), "attributes")
