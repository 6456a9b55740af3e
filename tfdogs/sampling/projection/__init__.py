"""From a photograph to the latent whose image is nearest to it."""
