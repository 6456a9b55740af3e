"""The contract between images and what scores them."""

import abc


class ImageSet(abc.ABC):
    """Images in a fixed order, read as they are needed.

    Attributes:
        name: what it is, for people.
        num_images: how many images there are.
        labels: how a conditional generator's classes were drawn, a name of `tfdogs.sampling.labels`; "" for
            all other images.
    """

    name = ""
    num_images = 0
    labels = ""

    @abc.abstractmethod
    def content_key(self):
        """Returns a hex digest: sets with equal ones hold the same images in the same order.

        Raises:
            TfdogsError: the images cannot be read.
        """

    @abc.abstractmethod
    def batches(self, batch_size=64, *, indices=None):
        """Yields the images in order.

        Args:
            batch_size: most images a batch.
            indices: ascending numbers of the images that are wanted; default: all.

        Yields:
            uint8 arrays [n, H, W, C], n in [1, batch_size], C 1 or 3; images of one batch have one size, but
            H and W may change from batch to batch.

        Raises:
            TfdogsError: an image cannot be read; names it.
        """

    def image(self, index):
        """Returns image number `index`, uint8 [H, W, C].

        Raises:
            IndexError: there is none of this number.
            TfdogsError: it cannot be read.
        """
        if not 0 <= index < self.num_images:
            raise IndexError(f"image {index} of {self.num_images} in {self.name}")
        return next(iter(self.batches(1, indices=[index])))[0]
