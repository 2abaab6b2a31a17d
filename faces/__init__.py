"""What is known of faces, pure: following them, smoothing, agreement. Live sessions and jobs share it."""
