"""The closed subset of JSON Schema that describes variables. Its public face is `assay.core.variables`."""
