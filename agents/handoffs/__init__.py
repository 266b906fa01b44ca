"""What can be done with work that one agent gives to another: a verb a file."""
