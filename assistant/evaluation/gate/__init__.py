"""The gate: is this run worse than the baseline by more than chance?

comparison        what a run is held against, as data
baseline          a run as it is kept in git
statistics        intervals, paired tests, the smallest detectable drop
paired            a run beside the baseline, pair by pair
regression_gate   the rules, and the verdict
abstention        what would be risked at each confidence
"""
