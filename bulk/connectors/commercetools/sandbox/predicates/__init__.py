"""The query language: parsed (`syntax`), held against the fields that there are (`schema`), made a test (`meaning`).

Source: https://docs.commercetools.com/api/predicates/query
"""

from bulk.connectors.commercetools.sandbox.predicates.meaning import Predicate, TooComplexError, predicate
from bulk.connectors.commercetools.sandbox.predicates.schema import CUSTOM, EVERYWHERE, TEXT, Field
from bulk.connectors.commercetools.sandbox.predicates.syntax import BadPredicateError

__all__ = ["CUSTOM", "EVERYWHERE", "TEXT", "BadPredicateError", "Field", "Predicate", "TooComplexError", "predicate"]
