"""The load of serve.py with one seed a request: clients that cost little, since they share the machine."""

import asyncio
import base64
import json
import re
import sys
import time
import urllib.parse

from timing import serve

from tfdogs.serving import client

_SEEDS = 64  # different requests, whose answers are known beforehand
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Asking(asyncio.Protocol):
    """A connection that asks again as soon as it was answered.

    Args:
        requests: list of bytes, asked in turn, beginning with number `turn`.
        answers: bytes that have to be in the answer to each.
        end: time of `time.perf_counter` after which nothing more is asked.
    """

    def __init__(self, requests, answers, turn, end):
        self._requests, self._answers, self._turn, self._end = requests, answers, turn, end
        self._received, self._size, self._start = bytearray(), None, 0.0
        self.done = asyncio.get_running_loop().create_future()
        self.sent = self.served = self.refused = self.wrong = 0
        self.latencies = []

    def connection_made(self, transport):
        """Called by asyncio."""
        self._transport = transport
        self._ask()

    def connection_lost(self, error):
        """Called by asyncio."""
        if not self.done.done():
            self.done.set_result(None)

    def data_received(self, data):
        """Called by asyncio."""
        self._received += data
        if self._size is None:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return
            self._size = head + 4 + int(_LENGTH.search(self._received, 0, head + 2)[1])
        if len(self._received) < self._size:
            return
        now = time.perf_counter()
        if self._received.startswith(b"HTTP/1.1 200 "):
            self.served += 1
            self.latencies.append(now - self._start)
            self.wrong += self._answers[self._turn % len(self._answers)] not in self._received
        else:
            self.refused += 1
        self._turn += 1
        if now < self._end:
            self._ask()
        else:
            self._transport.close()

    def _ask(self):
        self._received.clear()
        self._size, self._start = None, time.perf_counter()
        self.sent += 1
        self._transport.write(self._requests[self._turn % len(self._requests)])


def prepare(url, name, truncation):
    """Returns the requests, and the picture that is to be in each answer, in base64; each was asked alone."""
    with client.connect(url, name=name, deadline=60.0) as one:
        conditional = "label" in one.signature("serving_default").inputs
        pictures = [one.generate([seed], truncation=truncation)[0] for seed in range(_SEEDS)]
    parts = urllib.parse.urlsplit(url)
    requests, answers = [], []
    for seed, picture in enumerate(pictures):
        row = {"seed": seed, "truncation": truncation, **({"label": -1} if conditional else {})}
        body = json.dumps({"instances": [row]})
        head = f"POST /v1/models/{name}:predict HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        requests.append(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        # Among the answer's other parts: a conditional model's has the label that the seed decides, too.
        answers.append(base64.b64encode(picture))
    return requests, answers


async def _load(url, requests, answers, clients, seconds):
    parts, loop = urllib.parse.urlsplit(url), asyncio.get_running_loop()
    end = time.perf_counter() + seconds
    asking = [Asking(requests, answers, turn, end) for turn in range(clients)]
    for one in asking:
        await loop.create_connection(lambda one=one: one, parts.hostname, parts.port)
    await asyncio.gather(*(protocol.done for protocol in asking))
    counts = {name: sum(getattr(a, name) for a in asking) for name in ("sent", "served", "wrong", "refused")}
    return {"counts": counts, "latencies": [latency for a in asking for latency in a.latencies]}


def main():
    """Serves the benchmark: `python single_clients.py URL NAME CLIENTS TRUNCATION`."""
    url, name, clients, truncation = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    known = prepare(url, name, truncation)
    serve(
        {"name": f"{clients} clients of one seed a request"},
        many=lambda seconds: asyncio.run(_load(url, *known, clients, seconds)),
        lone=lambda seconds: asyncio.run(_load(url, *known, 1, seconds)),
    )


if __name__ == "__main__":
    main()
