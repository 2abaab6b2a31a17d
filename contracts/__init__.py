"""What the services say to each other and to clients. Imports nobody, does no input or output."""
