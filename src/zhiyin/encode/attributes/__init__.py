"""From the columns of a catalogue to attributes whose rows can be compared."""
