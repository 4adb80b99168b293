"""How the networks that ship were made, and the world they were trained in."""
