#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""usage: find_secrets.py DIRECTORY [LOG]…

Looks for the secrets of a test run in everything that it printed. DIRECTORY is what PHONEAUTH_TEST_SECRETS named
during the run: *.secrets (a secret a line), *.out (what servers printed) and *.codes (codes that were sent; so short
a number is only looked for beside it, in the .out of the same name, and only where it stands alone). Secrets are looked for
in every .out and every LOG, as they are and as JSON, URLs and base64 would write them. Status: 1 if something was found, 77 if there is nothing to look
for, else 0. What it prints does not repeat the secret."""

import base64
import json
import pathlib
import re
import sys
import urllib.parse


def lines(path):
    return [line for line in path.read_text(errors="replace").split("\n") if line]


def forms(secret):
    """How `secret` may look where it was written."""
    encoded = secret.encode()
    inner = [base64.b64encode(b"x" * n + encoded)[(n * 8 + 5) // 6:-4].decode() for n in range(3)]
    return {secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret), urllib.parse.quote_plus(secret),
            *(form for form in inner if len(form) >= 8)}


def main(directory, *logs):
    directory = pathlib.Path(directory)
    secrets = sorted({line for path in directory.glob("*.secrets") for line in lines(path)})
    outputs = sorted(directory.glob("*.out"))
    codes = 0
    found = 0
    size = 0

    def report(path, number, what):
        nonlocal found
        found += 1
        print(f"{path}:{number}: prints {what}")

    short = [s for s in secrets if len(s) < 8]
    if short:
        sys.exit(f"find_secrets.py: a secret that begins with {short[0][:2]} is too short to be looked for")
    looks = [(s, re.compile("|".join(map(re.escape, sorted(forms(s)))))) for s in secrets]
    for path in outputs + [pathlib.Path(log) for log in logs]:
        text = lines(path)
        size += sum(map(len, text))
        for secret, look in looks:
            for number, line in enumerate(text, 1):
                if look.search(line):
                    report(path, number, f"a secret that begins with {secret[:2]}")
    for path in outputs:
        beside = path.with_suffix(".codes")
        own = lines(beside) if beside.exists() else []
        codes += len(own)
        if own:
            look = re.compile(r"(?<!\d)(" + "|".join(own) + r")(?!\d)")
            for number, line in enumerate(lines(path), 1):
                if look.search(line):
                    report(path, number, "a code")

    if not secrets or not (outputs or logs):
        print("the secrets of the run are NOT looked for: nobody named one, or nobody printed anything")
        return 77
    print(f"{len(secrets)} secrets and {codes} codes were looked for in {size} characters of {len(outputs)} programs "
          f"and {len(logs)} logs: {'found ' + str(found) + ' times' if found else 'none is there'}")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
