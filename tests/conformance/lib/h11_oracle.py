"""A third reader: h11. One JSON question per line on stdin, one answer per line on stdout.

{"kind": "requests"|"responses", "bytes": latin1, "methods": [...], "ended": bool}
-> {"messages": [{"start": [...], "fields": [[name, value]...], "body", "trailers", "complete"}], "rest"} or {"error"}.
"""
import json
import sys

import h11

LIMIT = 1 << 20


def text(value):
    return bytes(value).decode("latin1")


def fields(headers):
    return [[text(name), text(value)] for name, value in headers.raw_items()]


class Reader:
    def __init__(self, role):
        self.connection = h11.Connection(role, max_incomplete_event_size=LIMIT)
        self.messages = []

    def begin(self, start, event):
        self.messages.append({"start": start, "fields": fields(event.headers), "body": "", "trailers": [], "complete": False})

    def end(self, event):
        self.messages[-1].update(trailers=fields(event.headers), complete=True)

    def read(self, question):
        self.connection.receive_data(question["bytes"].encode("latin1"))
        while True:
            event = self.connection.next_event()
            if event is h11.NEED_DATA and question.get("ended") and not self.ended:
                self.ended = True
                self.connection.receive_data(b"")
                continue
            if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                break
            if isinstance(event, h11.Data):
                self.messages[-1]["body"] += text(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self.end(event)
                if not self.next_message():
                    break
            else:
                self.take_head(event)
                if getattr(event, "status_code", 0) == 101:
                    break
        return {"messages": self.messages, "rest": text(self.connection.trailing_data[0])}

    ended = False


class Requests(Reader):
    def __init__(self, question):
        super().__init__(h11.SERVER)

    def take_head(self, event):
        self.begin([text(event.method), text(event.target)], event)

    def next_message(self):
        self.connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
        self.connection.send(h11.EndOfMessage())
        if self.connection.our_state is not h11.DONE:
            return False
        self.connection.start_next_cycle()
        return True


class Responses(Reader):
    def __init__(self, question):
        super().__init__(h11.CLIENT)
        self.methods = list(question["methods"])
        self.ask()

    def ask(self):
        method = self.methods.pop(0)
        headers = [("Host", "h")]
        if method == "UPGRADE":
            method, headers = "GET", headers + [("Connection", "Upgrade"), ("Upgrade", "websocket")]
        self.connection.send(h11.Request(method=method, target="/", headers=headers))
        self.connection.send(h11.EndOfMessage())

    def take_head(self, event):
        self.begin([event.status_code, text(event.reason)], event)
        if isinstance(event, h11.InformationalResponse):
            self.messages[-1]["complete"] = True

    def next_message(self):
        if not self.methods or self.connection.their_state is not h11.DONE:
            return False
        self.connection.start_next_cycle()
        self.ask()
        return True


for line in sys.stdin:
    question = json.loads(line)
    try:
        reader = (Requests if question["kind"] == "requests" else Responses)(question)
        answer = reader.read(question)
    except h11.ProtocolError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
