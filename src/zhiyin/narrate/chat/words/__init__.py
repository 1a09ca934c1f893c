"""Lists of words, and the words of a message that say something."""
