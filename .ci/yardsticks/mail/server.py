"""aiosmtpd on loopback, doing what a script says: accept, refuse, stall, hang up. It keeps what it was given."""

import asyncio
import ssl
import threading
from collections import defaultdict

from aiosmtpd.smtp import SMTP, AuthResult


class Counting(SMTP):
    """Counts connections; the most at a time is what a client's limit is judged by."""

    open = most = total = 0

    def connection_made(self, transport):
        again = self.transport is not None  # once more after STARTTLS
        if not again:
            Counting.open += 1
            Counting.total += 1
            Counting.most = max(Counting.most, Counting.open)
        super().connection_made(transport)

    def connection_lost(self, error):
        Counting.open -= 1
        super().connection_lost(error)


class Script:
    """Acts by recipient or by attempt: functions that take the attempt (from 1) and return a reply, or None to accept."""

    def __init__(self, at_rcpt=None, at_data=None):
        self.at_rcpt, self.at_data = at_rcpt, at_data
        self.attempts = defaultdict(int)
        self.mails = []

    async def act(self, act, server):
        if act == "stall":
            await asyncio.sleep(60)
        if act == "drop":
            server.transport.abort()
            return "421 gone"
        return act

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.attempts[address] += 1
        act = self.at_rcpt and self.at_rcpt(self.attempts[address])
        if act:
            return await self.act(act, server)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos[0], envelope.original_content))
        act = self.at_data and self.at_data(self.attempts[envelope.rcpt_tos[0]])
        return await self.act(act, server) if act else f"250 2.0.0 taken as {len(self.mails)}"


class serve:
    """`with serve(script) as port`; TLS from the start or by STARTTLS, and a login, if asked for."""

    def __init__(self, script, tls=None, login=None):
        secret = None
        if tls:
            secret = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            secret.load_cert_chain("tls.pem", "tls.key")
        arguments = dict(ident="yardstick", hostname="yardstick.example", data_size_limit=10_000_000)
        if tls == "starttls":
            arguments.update(tls_context=secret, require_starttls=True)
        if login:
            right = lambda server, session, envelope, mechanism, data: AuthResult(
                success=(data.login.decode(), data.password.decode()) == login, handled=False)
            arguments.update(authenticator=right, auth_required=True, auth_require_tls=tls == "starttls")
        Counting.open = Counting.most = Counting.total = 0
        self.script, self.arguments = script, arguments
        self.secret = secret if tls == "implicit" else None
        self.loop = asyncio.new_event_loop()

    def __enter__(self):
        factory = lambda: Counting(self.script, loop=self.loop, **self.arguments)
        serving = self.loop.create_server(factory, "127.0.0.1", 0, ssl=self.secret)
        self.server = self.loop.run_until_complete(serving)
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self.server.sockets[0].getsockname()[1]

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.leave(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def leave(self):
        self.server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
