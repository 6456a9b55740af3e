"""The peer of `train_step.py`: PyTorch's tutorial DCGAN, eager float32, with PyTorch's own defaults.

Networks, initialization, losses and the order of the steps are those that PyTorch's DCGAN tutorial
describes, down to the numbers it reads back every step. Runs under `train_step.py`, in an interpreter that
has `requirements-torch.txt`.
"""

import argparse

import torch
from timing import serve
from torch import nn


def generator(latent_dim, channels):
    """Returns the generator: latents [N, latent_dim, 1, 1] -> images [N, 3, 64, 64] in [-1, 1]."""
    layers = []
    inputs = latent_dim
    for outputs, stride, padding in ((8, 1, 0), (4, 2, 1), (2, 2, 1), (1, 2, 1)):
        outputs *= channels
        layers += [
            nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(True),
        ]
        inputs = outputs
    return nn.Sequential(*layers, nn.ConvTranspose2d(inputs, 3, 4, 2, 1, bias=False), nn.Tanh())


def discriminator(channels):
    """Returns the discriminator: images [N, 3, 64, 64] -> probabilities [N, 1, 1, 1] of being real."""
    layers = [nn.Conv2d(3, channels, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for inputs in (channels, 2 * channels, 4 * channels):
        layers += [
            nn.Conv2d(inputs, 2 * inputs, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * inputs),
            nn.LeakyReLU(0.2, inplace=True),
        ]
    return nn.Sequential(*layers, nn.Conv2d(8 * channels, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def initialize(module):
    """Draws weights from N(0, 0.02), BatchNorm's scales from N(1, 0.02), its shifts as 0."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class Trainer:
    """The tutorial's training loop over images that are already in memory as it wants them.

    Args:
        batch_size: images in a step.
        latent_dim: length of a latent.
        channels: base channels of both networks.
    """

    def __init__(self, batch_size, latent_dim, channels):
        self.latent_dim = latent_dim
        self.g = generator(latent_dim, channels).apply(initialize)
        self.d = discriminator(channels).apply(initialize)
        self.g_optimizer = torch.optim.Adam(self.g.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.d_optimizer = torch.optim.Adam(self.d.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.criterion = nn.BCELoss()
        self.reals = torch.rand(batch_size, 3, 64, 64) * 2 - 1

    def train(self, steps):
        """Trains for some steps."""
        for _ in range(steps):
            self._step(self.reals)

    def _step(self, reals):
        batch = reals.size(0)
        self.d.zero_grad()
        target = torch.full((batch,), 1.0)
        output = self.d(reals).view(-1)
        loss_real = self.criterion(output, target)
        loss_real.backward()
        seen = [output.mean().item()]
        fakes = self.g(torch.randn(batch, self.latent_dim, 1, 1))
        target.fill_(0.0)
        output = self.d(fakes.detach()).view(-1)
        loss_fake = self.criterion(output, target)
        loss_fake.backward()
        seen.append(output.mean().item())
        self.d_optimizer.step()
        self.g.zero_grad()
        target.fill_(1.0)
        output = self.d(fakes).view(-1)
        loss = self.criterion(output, target)
        loss.backward()
        self.g_optimizer.step()
        return [*seen, output.mean().item(), (loss_real + loss_fake).item(), loss.item()]


def main():
    """Reads the sizes from the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--latent_dim", type=int, default=100)
    parser.add_argument("--channels", type=int, default=64)
    args = parser.parse_args()
    torch.manual_seed(0)
    trainer = Trainer(args.batch_size, args.latent_dim, args.channels)
    threads = torch.get_num_threads()
    serve({"name": f"PyTorch {torch.__version__}", "threads": threads}, train=trainer.train)


if __name__ == "__main__":
    main()
