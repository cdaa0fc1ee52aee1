"""Runs one instrument scientist's script. Standard library only, Python 3.8 or later: the interpreter is theirs, not ours."""
