"""Figures for a paper, from one record each: match, ledger of parts, time, and the mean of many probes."""
