"""Signs in at an admin's desk: the Azure CLI for Storage and Key Vault, an app registration for Graph."""
