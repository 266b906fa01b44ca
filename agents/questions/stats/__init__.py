"""The statistics of questions: numbers in, intervals out. Which they are and why stands in docs/agent-questions.md."""
