"""The errors a user can meet. Each message says what was expected, what was found and the remedy."""


class CommuniqueError(Exception):
    """Any error of this package that the user can do something about."""


class ConfigError(CommuniqueError):
    """The configuration, the taxonomy or an option is wrong."""


class DataError(CommuniqueError):
    """Labelled data break the corpus contract."""


class BundleError(CommuniqueError):
    """A bundle is incomplete, altered or of an unknown format."""


class InputError(CommuniqueError):
    """An article or a text handed in for scoring cannot be used."""


class OutputError(CommuniqueError):
    """Results cannot be written: the disk is full or not ours to write on. What was finished is kept."""


class PromotionError(CommuniqueError):
    """A run does not pass the gate to become the champion."""
