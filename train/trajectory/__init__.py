"""The network that reads a digit by the way of the pen: varied paths, the network, its training."""
