#!/usr/bin/env python3
"""A small agent that says nothing in its terminal: all it tells is served over HTTP, as in the example `served` of docs/agents.md.

It works on a message until the file `go` is there, and writes what it was given into the file `heard`.
"""
import json
import os
import queue
import socket
import sys
import threading
import time
import tty

clients = []
# What a client that comes later is told first: where the agent is.
place = {"type": "idle"}
lock = threading.Lock()


def tell(kind, **more):
    global place
    with lock:
        place = {"type": kind, **more}
        for client in clients:
            client.put(place)


def serve(connection):
    events = queue.Queue()
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += connection.recv(4096)
    if not asked.startswith(b"GET /event "):
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    with lock:
        clients.append(events)
        events.put(place)
    while True:
        text = f"data: {json.dumps(events.get())}\n\n".encode()
        # In two chunks, for events know nothing of chunks.
        for piece in (text[:7], text[7:]):
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")


def listen(port):
    listener = socket.create_server(("127.0.0.1", port))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def line():
    text = b""
    while not text.endswith(b"\r"):
        key = os.read(0, 1)
        if not key:
            sys.exit()
        text += key
    return text.replace(b"\x1b[200~", b"").replace(b"\x1b[201~", b"").rstrip(b"\r").decode()


tty.setraw(0)
threading.Thread(target=listen, args=(int(sys.argv[sys.argv.index("--port") + 1]),), daemon=True).start()
while True:
    text = line()
    with open("heard", "a") as heard:
        heard.write(text + "\n")
    tell("busy", prompt=text)
    while not os.path.exists("go"):
        time.sleep(0.02)
    os.remove("go")
    if text == "fail":
        tell("error", message="out of luck")
    else:
        tell("idle", answer=f"said {text}")
