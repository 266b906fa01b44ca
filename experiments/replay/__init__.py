"""Real tests played again: what would the vault have earned, had it chosen?"""
