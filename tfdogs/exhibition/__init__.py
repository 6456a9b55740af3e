"""A run's images as an exhibition: the folder that `python -m tfdogs.gallery` leaves."""
