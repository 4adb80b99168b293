"""What each milestone tries, a file each: cases() -> [Case]."""
