"""What several methods share: the contract, networks, kinds of players."""
