"""Checks of schemathesis that are DocDrop's own: an answer shows nothing of the inside, and repeats nothing at length."""
import os
import re

import schemathesis

LEAK = re.compile(
    r"\\n\s*at |\.[cm]?[jt]s:\d+|node_modules|/(?:tmp|home|root|usr|work|var|proc)/|SQLITE|ENOENT|FST_ERR|"
    + re.escape(os.environ["DOCDROP_FUZZ_KEY"])
)


@schemathesis.check
def nothing_leaked(ctx, response, case):
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    found = LEAK.search(f"{headers}\n{response.text}")
    sent = f"{case.body} {case.query} {case.path_parameters} {case.headers}"
    assert found is None or found.group(0) in sent, f"leaked: {found.group(0)!r} in {response.text[:500]!r}"


@schemathesis.check
def refused_in_our_words(ctx, response, case):
    if response.status_code < 400 or case.path == "/mcp" or case.path.startswith("/health/"):
        return
    error = response.json()["error"]
    assert {"code", "message", "hint", "retryable", "requestId"} <= set(error), error
    assert len(response.text) < 4000, "an answer repeats what was sent"
