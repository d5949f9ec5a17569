"""The scripts that bring a store from one version of the tables to the next."""
