"""The ground floor: problems and their words, places, printed numbers, the dictionary, files."""
