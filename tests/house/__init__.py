"""The house itself under test: its rooms, its public face, and that what CONTRIBUTING.md says of adding
things is true."""
