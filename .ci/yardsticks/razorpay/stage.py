"""A simulator, a receiver of its webhooks, and somebody who pays; all gone at the end."""
import json
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "rzp_test_yardstick", "yardstick secret", "webhook secret"


class Stage:
    def __init__(self, command, faults):
        self.received = []
        stage = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                stage.received.append(
                    (body, self.headers["x-razorpay-signature"], self.headers["x-razorpay-event-id"])
                )
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=self.receiver.serve_forever, daemon=True).start()
        arguments = {
            "--listen": "127.0.0.1:0",
            "--key-id": KEY_ID,
            "--key-secret": KEY_SECRET,
            "--webhook-url": f"http://127.0.0.1:{self.receiver.server_port}/",
            "--webhook-secret": WEBHOOK_SECRET,
        }
        flat = [word for pair in arguments.items() for word in pair]
        for fault in faults:
            flat += ["--fault", fault]
        self.simulator = subprocess.Popen([*command, *flat], stdout=subprocess.PIPE, text=True)
        self.url = self.simulator.stdout.readline().strip()
        assert self.url.startswith("http://"), f"the first line is the URL, not {self.url!r}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.simulator.terminate()
        self.simulator.wait(10)
        self.receiver.shutdown()

    def pay(self, kind, name, **form):
        """What the page says after a button was pressed."""
        data = urllib.parse.urlencode({"do": "pay", **form}).encode()
        with urllib.request.urlopen(f"{self.url}/pay/{kind}/{name}", data) as answer:
            page = answer.read().decode()
        return dict(re.findall(r'<dd id="(\w+)">([^<]*)</dd>', page))

    def told(self, event):
        """Waits for an event and answers it with its signature."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for body, signature, _ in list(self.received):
                if json.loads(body)["event"] == event:
                    return body, signature
            time.sleep(0.02)
        raise AssertionError(f"{event} was never told")
