"""What is asked of the machine: device, memory, disk."""
