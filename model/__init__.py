"""What a classifier is: taxonomy, texts, predictions, families, calibration and the exported bundle."""
