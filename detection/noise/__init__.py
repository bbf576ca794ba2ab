"""What holds an alert back, who wanted it, until when."""
