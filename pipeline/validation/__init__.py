"""What is told of pictures, what is expected of them, and what is wrong: on TensorFlow Data Validation."""
