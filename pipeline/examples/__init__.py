"""Raw examples: what ExampleGen leaves for the components after it."""
