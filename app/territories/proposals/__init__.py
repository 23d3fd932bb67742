"""Proposals: how a branch's communities could be shared among its teams, evenly and with most customers where they are."""
