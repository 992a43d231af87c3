"""What every test may count on."""

from tests.network import block_network

block_network()
