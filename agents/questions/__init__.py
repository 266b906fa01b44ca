"""What people ask of telemetry: one verb a file, over rollups for whole hours and over rows for what is left."""
