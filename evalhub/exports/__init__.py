"""What a hub holds, in the formats of others."""
