"""Where pictures come from: folders, archives, IDX files, TensorFlow Datasets, paper dogs."""
