"""A video job: its record and store, its plan, its parts and their merge; the worker that plans and finishes."""
