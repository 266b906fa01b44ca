"""Spans as others send them (OTLP), and the runs that they tell of. No Django.

`read_protobuf` and `read_json` make the same `Span` values of either encoding: what `aliases` lists is kept, as codes
and numbers, and all else is counted by a closed list of names. `assemble` makes runs of the spans of one trace.
"""
