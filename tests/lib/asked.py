"""`--help` of the scripts of tests/: imported (system.py does) before a script begins anything, it prints the script's own docstring and
ends it. Scripts with argparse answer for themselves."""
import sys


def answer():
    script = sys.modules["__main__"]
    if {"-h", "--help"} & set(sys.argv[1:]) and "argparse" not in sys.modules:
        print(script.__doc__ or f"{sys.argv[0]} says nothing of itself")
        raise SystemExit(0)


answer()
