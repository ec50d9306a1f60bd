"""How a classifier is made: config, corpus splits, families, evaluation, tracking, promotion."""
