"""Language-model services, spoken to over HTTP; nothing here knows of recommending."""
