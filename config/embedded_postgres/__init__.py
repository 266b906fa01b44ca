"""A PostgreSQL of Assay's own, kept under one folder and shared by every process that needs it.

`config.embedded_postgres.ensure` is the door; nothing happens at import.
"""
