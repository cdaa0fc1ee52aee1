"""A beam simulator: plays the control system of four instruments into a sample archive."""
