"""Submission trees for MLPerf Tiny."""
