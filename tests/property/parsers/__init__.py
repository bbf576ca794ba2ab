"""What every parser owes on any bytes."""
