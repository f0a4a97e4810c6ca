#!/usr/bin/python3
"""The whole chain with every limit at its tightest: four lanes, batches of three, windows of four, no tail ring to speak of.
What large batches and windows hide shows here: order between lanes, credit at its end, every replay from the table."""
from test_chain import CHECKS, main

TIGHT = {"ZHITONG_LANES": "4", "ZHITONG_BATCH_INPUTS": "3", "ZHITONG_FOLLOW_WINDOW": "4", "ZHITONG_TAIL_BYTES": "1000"}

if __name__ == "__main__":
    main("tight", CHECKS, settings={service: TIGHT for service in ("intake", "routing", "escalation", "notification")})
