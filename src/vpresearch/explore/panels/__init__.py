"""The panels of the explorer, one a file: pure computations, and the widgets that show them."""
