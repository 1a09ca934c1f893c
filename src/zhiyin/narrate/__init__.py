"""Everything that is said in words: explanations, copy, conversation, from recorded facts."""
