"""Building blocks of the networks; none of them draws a random number from the global generator after construction."""
