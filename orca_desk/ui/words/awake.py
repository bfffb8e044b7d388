"""What is said about keeping the system awake."""

REFUSED = "The computer may go to sleep while this runs: nothing here can prevent it ({})."
