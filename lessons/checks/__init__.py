"""The true results that exercises are compared with, one file per lesson."""
