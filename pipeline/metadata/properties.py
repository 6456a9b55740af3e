"""Numbers and strings as ML Metadata's properties."""


def fill(properties, facts):
    """Sets properties of a proto from a dict of numbers and strings."""
    for name, value in facts.items():
        if isinstance(value, bool):
            properties[name].bool_value = value
        elif isinstance(value, int):
            properties[name].int_value = value
        elif isinstance(value, float):
            properties[name].double_value = value
        else:
            properties[name].string_value = _escaped(value)


def read(properties):
    """Returns the dict that `fill` was given."""
    values = {name: getattr(value, value.WhichOneof("value")) for name, value in properties.items()}
    return {name: _plain(value) if isinstance(value, str) else value for name, value in values.items()}


def _escaped(text):
    """ML Metadata 1.17 quotes a backslash wrongly on PostgreSQL, which then refuses the whole."""
    return text.replace("%", "%25").replace("\\", "%5C")


def _plain(text):
    return text.replace("%5C", "\\").replace("%25", "%")
