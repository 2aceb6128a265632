"""Building blocks of networks; none draws from the global generator once it is constructed."""
