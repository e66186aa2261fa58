"""The gate: is this run worse than the baseline by more than chance?

comparison        differences from a baseline, and the verdict, as data
baseline          a run as stored in git
statistics        intervals, paired tests, the smallest detectable drop
paired            compares a run with the baseline, case by case
regression_gate   the rules and the verdict
abstention        the risk at each confidence threshold
"""
