"""The truths that exercises are held against, one file per lesson."""
