"""Values for our scalars, ids that exist, and what counts as a failure: see schemathesis' SCHEMATHESIS_HOOKS."""

import atexit
import collections
import json
import os

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

ids = json.loads(os.environ["FUZZ_IDS"])

digits = st.integers(min_value=-(10**30), max_value=10**30)
numbers = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str),
    digits.map(str),
    st.sampled_from(["0", "-0", "1e9", "1.", ".5", "NaN", "", "79228162514264337593543950335", "0." + "0" * 40 + "1"]),
)
moments = st.one_of(
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    st.sampled_from(["2026-01-31T23:59:59.999999Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:60Z", "-0001-01-01T00:00:00Z",
                     "+262142-12-31T23:59:59Z", "2026-01-01", "now", ""]),
)
schemathesis.graphql.scalar("Decimal", st.one_of(numbers.map(nodes.String), digits.map(nodes.Int)))
schemathesis.graphql.scalar("DateTime", moments.map(nodes.String))
schemathesis.graphql.scalar("Date", st.one_of(st.dates().map(str), st.just("2026-02-30")).map(nodes.String))
schemathesis.graphql.scalar("UsageValue", st.one_of(numbers.map(nodes.String), digits.map(nodes.Int), st.booleans().map(nodes.Boolean)))
# Most ids exist, so that the fuzzer gets past "not found"; the rest look alike, or do not.
schemathesis.graphql.scalar("ID", st.one_of(
    *[st.sampled_from(ids).map(nodes.String)] * 4,
    st.sampled_from(ids).map(lambda known: known[:-1] + "Z").map(nodes.String),
    st.text(max_size=40).map(nodes.String),
))

# Words of the inside that must never be seen outside.
INSIDE = ("panicked", "DbErr", "sqlx", "sea_orm", "RuntimeErr", "Err(", "Some(", "None,", "SELECT ", "sqlite", "postgres")

# How the requests were answered, by code: a run that never gets past validation would show nothing.
tally = collections.Counter()
atexit.register(lambda: print("TALLY " + json.dumps(tally)))


@schemathesis.check
def served(ctx, response, case):
    """No 5xx, always JSON in the shape of GraphQL, no internal error and nothing of the inside in the words."""
    if response.status_code >= 500:
        raise AssertionError(f"status {response.status_code}: {response.text[:300]}")
    answer = response.json()
    if not isinstance(answer, dict) or not ({"data", "errors"} & answer.keys()):
        raise AssertionError(f"not an answer of GraphQL: {response.text[:300]}")
    tally["data" if answer.get("data") and not answer.get("errors") else "refused"] += 1
    for error in answer.get("errors", []):
        extensions = error.get("extensions", {})
        if not extensions.get("code") or "requestId" not in extensions or "retryable" not in extensions:
            raise AssertionError(f"an error without code, requestId and retryable: {error}")
        tally[extensions["code"]] += 1
        if extensions["code"] == "INTERNAL":
            raise AssertionError(f"an internal error: {error}")
        for word in INSIDE:
            if word in error["message"] and word not in str(case.body):
                raise AssertionError(f"{word!r} is shown: {error}")
