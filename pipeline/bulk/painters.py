"""What a configuration draws with."""


def load(config):
    """Loads a generator into this process.

    Args:
        config: `pipeline.bulk.sample_config.SampleConfig`.

    Returns:
        A `RunPainter` or `ExportPainter`.

    Raises:
        UsageError, TfdogsError: as of those.
    """
    if config.export_dir:
        from pipeline.bulk.export_painter import ExportPainter

        return ExportPainter(config)
    from pipeline.bulk.run_painter import RunPainter

    return RunPainter(config)
