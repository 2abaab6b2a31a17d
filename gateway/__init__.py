"""The only door: WebSocket sessions, pictures, health."""
