"""A load balancer on this machine that gives every request to the next of several servers in turn."""

import http.client
import itertools
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_HOP = {"connection", "keep-alive", "transfer-encoding"}


@contextmanager
def balanced(ports):
    """Yield an address, and the list of (path, port) of what was passed on, which grows."""
    turns, served = itertools.cycle(ports), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            port = next(turns)
            served.append((self.path, port))
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            there = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            there.request(self.command, self.path, body, dict(self.headers))
            answer = there.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            try:
                while chunk := answer.read1(65536):
                    self.wfile.write(chunk)
            except OSError:  # the browser went away from a stream
                there.close()

        do_POST = do_DELETE = do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", served
    server.shutdown()
    server.server_close()
