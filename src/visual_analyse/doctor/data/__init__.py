"""What is asked of the data: where they are, how they are laid out, what they hold, who is compared."""
