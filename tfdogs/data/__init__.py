"""From sources of pictures to TFRecord shards, and from shards to tf.data."""
