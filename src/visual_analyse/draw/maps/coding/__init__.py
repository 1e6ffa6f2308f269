"""What colours, marks and names say about the walks of a map."""
