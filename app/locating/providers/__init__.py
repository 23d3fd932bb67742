"""Online providers asked over the network: the client, the cache, the quota, and who is configured."""
