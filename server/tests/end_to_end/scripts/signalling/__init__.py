"""A signalling gateway with an HLR and serving nodes behind it, on pycrate's codecs alone."""
