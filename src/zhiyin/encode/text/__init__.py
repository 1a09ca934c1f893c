"""Reading text: cleaning, language, tokens, keywords."""
