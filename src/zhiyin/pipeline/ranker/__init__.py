"""Between candidates and slate: a ranker that is learned, judged, and kept where it wins."""
