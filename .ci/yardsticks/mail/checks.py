"""What is checked of the mails the example sends; each function is one check, `checks.py NAME…` runs some."""

import base64
import email
import email.policy
import logging
import os
import re
import subprocess
import sys
import time

import dkim

from server import Counting, Script, serve

KINDS, LOCALES = 10, 3
PUBLIC = base64.b64encode(open("dkim.der", "rb").read())
ATTACHED = bytes(place * 31 % 251 for place in range(80_000))


def run(port, seconds=60, **arguments):
    """Runs the program to its end: {message id: [(outcome, milliseconds), …]} and its two rates."""
    words = [f"{name}={value}" for name, value in dict(port=port, key="dkim.pem", **arguments).items()]
    done = subprocess.run([os.environ["MAIL_PROGRAM"], *words], capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr
    outcomes, rates = {}, {}
    for line in done.stdout.splitlines():
        if line.startswith("<"):
            name, milliseconds, outcome = line.split(" ", 2)
            outcomes.setdefault(name, []).append((outcome, int(milliseconds)))
        else:
            rates[line.split()[0]] = int(line.split()[-1]) / 1e6
    return outcomes, rates


def only(outcomes, start):
    wrong = {name: tries for name, tries in outcomes.items() if not all(tried.startswith(start) for tried, _ in tries)}
    assert outcomes and not wrong, wrong


def verified(raw):
    def dns(name, timeout=5):
        assert name in (b"test._domainkey.nordlicht.example.", "test._domainkey.nordlicht.example."), name
        return b"v=DKIM1; k=rsa; p=" + PUBLIC
    return dkim.verify(raw, dnsfunc=dns)


def letters():
    """Every kind in every language parses, is complete, and is signed"""
    script = Script()
    with serve(script) as port:
        outcomes, _ = run(port, mails=KINDS * LOCALES)
    only(outcomes, "Sent")
    assert len(script.mails) == KINDS * LOCALES
    seen = set()
    for sender, recipient, raw in script.mails:
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        parts = list(mail.walk())
        defects = [defect for part in parts for defect in part.defects] + [
            (name, defect) for part in parts for name, value in part.items() for defect in value.defects]
        assert not defects, (mail["subject"], defects)
        assert sender == "bounces@nordlicht.example" and mail["to"].addresses[0].addr_spec == recipient
        assert mail["to"].addresses[0].display_name == 'Jürgen "J" Müller, आदा', mail["to"]
        assert mail["from"].addresses[0].display_name == "Nordlicht & Söhne GmbH", mail["from"]
        place, locale, kind = re.fullmatch(r"<job_(\d+)_(\w\w)_(\w+)@nordlicht.example>", mail["message-id"]).groups()
        seen.add((locale, kind))
        text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
        assert "Bäckerei <Ähre> & Söhne" in text and "Bäckerei &lt;Ähre&gt; &amp; Söhne" in html
        assert f'lang="{locale}"' in html and "\ufffd" not in text + html + mail["subject"]
        money = {"en": "₹1,23,456.78", "de": "123.456,78\u00a0₹", "hi": "₹1,23,456.78"}[locale]
        assert kind in ("usage_alert", "card_expiry") or money in text, text
        if locale == "hi":
            assert re.search("[\u0900-\u097f]", mail["subject"]), mail["subject"]
        files = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in mail.iter_attachments()]
        assert files == ([("Rechnung-इनवॉइस-7.pdf", "application/pdf", ATTACHED)] if kind == "invoice_issued" else [])
        assert mail["auto-submitted"] == "auto-generated"
        notice = kind in ("usage_alert", "card_expiry")
        assert (mail["list-unsubscribe"] is not None) == notice == (mail["list-unsubscribe-post"] is not None)
        assert max(map(len, raw.split(b"\r\n"))) <= 998 and not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
        assert verified(raw), (mail["subject"], raw[:2000])
        for before, after in ((b"Subject: ", b"Subject: x"), (b"Message-ID: <", b"Message-ID: <x"), (b"=_a_", b"=_b_")):
            assert before in raw and not verified(raw.replace(before, after, 1)), before
        assert not verified(raw.replace(b"\r\n\r\n", b"\r\nList-Unsubscribe: <https://evil.example>\r\n\r\n", 1)), "added"
    assert len(seen) == KINDS * LOCALES
    return f"{len(seen)} letters, 0 defects, {len(seen)} signatures verified and none after a change"


def retries():
    """A mail put off, or cut off after it was handed over, comes again under the same name"""
    for script, first in ((Script(at_rcpt=lambda tried: "451 4.7.1 later" if tried == 1 else None), "Later"),
                          (Script(at_data=lambda tried: "451 4.3.0 later" if tried == 1 else None), "Later"),
                          (Script(at_data=lambda tried: "drop" if tried == 1 else None), "Unknown")):
        with serve(script) as port:
            outcomes, _ = run(port, mails=12, attempts=2)
        for name, ((one, _), (two, _)) in outcomes.items():
            assert one.startswith(first) and two.startswith("Sent"), (name, one, two)
        names = [email.message_from_bytes(raw)["message-id"] for _, _, raw in script.mails]
        assert set(names) == set(outcomes)
        assert all(names.count(name) == names.count(names[0]) for name in names)
    return "451 at RCPT, 451 and a hang-up after DATA: second attempt taken, same Message-ID"


def refusals():
    """Nobody there is told from a policy, at both places where a server may say it"""
    for script, suppressed in ((Script(at_rcpt=lambda _: "550 5.1.1 User unknown"), "true"),
                               (Script(at_data=lambda _: "550 5.1.1 User unknown"), "true"),
                               (Script(at_rcpt=lambda _: "554 5.7.1 blocked"), "false")):
        with serve(script) as port:
            outcomes, _ = run(port, mails=12)
        only(outcomes, f"Refused {{ suppress_address: {suppressed}")
        assert Counting.total <= 5, Counting.total
    return "550 5.1.1 condemns the address, 554 5.7.1 does not; connections are kept"


def bounds():
    """A server that stalls is not waited for, wherever it stalls"""
    words = []
    for script, outcome in ((Script(at_rcpt=lambda _: "stall"), "Later"), (Script(at_data=lambda _: "stall"), "Unknown")):
        with serve(script) as port:
            started = time.monotonic()
            outcomes, _ = run(port, mails=5, timeout=1000)
            took = time.monotonic() - started
        only(outcomes, outcome)
        longest = max(taken for tries in outcomes.values() for _, taken in tries)
        assert longest < 1500 and took < 3, (longest, took)
        words.append(f"{longest} ms")
    return f"allowed 1000 ms, took at most {' and '.join(words)}"


def connections():
    """No more connections at a time than set, however many mails wait"""
    words = []
    for limit in (1, 3, 8):
        script = Script()
        with serve(script) as port:
            outcomes, _ = run(port, mails=200, connections=limit, timeout=30000)
        only(outcomes, "Sent")
        assert Counting.most <= limit and Counting.total <= limit, (limit, Counting.most, Counting.total)
        words.append(f"{limit}: {Counting.most}")
    return f"allowed and seen: {', '.join(words)}"


def secrecy():
    """TLS from the start and by STARTTLS, with a login; never without when it was asked for"""
    login = dict(user="bills", password="wörd")
    for tls in ("implicit", "starttls"):
        script = Script()
        with serve(script, tls=tls, login=("bills", "wörd") if tls == "starttls" else None) as port:
            extra = dict(login) if tls == "starttls" else {}
            only(run(port, mails=30, security=tls, host="localhost", trusted="tls.pem", **extra)[0], "Sent")
            assert len(script.mails) == 30
            # A certificate nobody vouches for, a wrong password: for the operator.
            only(run(port, mails=3, security=tls, host="localhost")[0], "Misconfigured")
            if extra:
                wrong = dict(extra, password="wrong")
                only(run(port, mails=3, security=tls, host="localhost", trusted="tls.pem", **wrong)[0], "Misconfigured")
            assert len(script.mails) == 30
    script = Script()
    with serve(script) as port:
        only(run(port, mails=3, security="starttls", host="localhost", trusted="tls.pem")[0], "Misconfigured")
    assert not script.mails
    return "both, and a downgrade, an unknown certificate and a wrong password are refused"


def rate():
    """How fast: signing and composing on one core, and handing over"""
    count = int(os.environ.get("YARDSTICK_MAILS", "600"))
    words = []
    for security, extra in (("loopback", {}), ("starttls", dict(host="localhost", trusted="tls.pem"))):
        script = Script()
        with serve(script, tls=None if security == "loopback" else security) as port:
            outcomes, rates = run(port, mails=count, timeout=60000, security=security, **extra)
        only(outcomes, "Sent")
        assert len(script.mails) == count
        size = sum(len(raw) for _, _, raw in script.mails) / count / 1000
        words.append(f"{security}: {count / rates['sent']:.0f} mails/s")
    return f"{', '.join(words)} of {size:.0f} KB each on 5 connections; composed and signed {count / rates['composed']:.0f}/s"


CHECKS = [letters, retries, refusals, bounds, connections, secrecy, rate]

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # the server speaks of every connection that is cut off on purpose
    failed = False
    for check in CHECKS:
        if sys.argv[1:] and check.__name__ not in sys.argv[1:]:
            continue
        try:
            print(f"ok    {check.__name__}: {check()}", flush=True)
        except Exception as error:  # the next check still runs
            failed = True
            print(f"FAIL  {check.__name__} ({check.__doc__}): {type(error).__name__} {str(error)[:1500]}", flush=True)
    sys.exit(failed)
