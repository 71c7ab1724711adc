"""What runs on the far side of a jail's wall: standard library only, and no other part of evalhub."""
