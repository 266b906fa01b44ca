"""Django's own PostgreSQL backend, which sees to its server before it connects."""
