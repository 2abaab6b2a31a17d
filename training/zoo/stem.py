"""What every network does first: bring pixel values to about zero mean and unit spread."""

from keras import KerasTensor, layers

PIXEL_MEAN = 128.0  # FER2013's training pixels: mean 129.4, standard deviation 65.1
PIXEL_SPREAD = 64.0


def centred(pictures: KerasTensor) -> KerasTensor:
    """Pictures float [n, 48, 48, 1] in 0..255 -> about -2..2."""
    return layers.Rescaling(1.0 / PIXEL_SPREAD, offset=-PIXEL_MEAN / PIXEL_SPREAD)(pictures)
