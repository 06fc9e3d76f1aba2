"""Just enough of the protocol to submit and to wait, with nothing but the standard library.

fluster-protocol(5) says what the numbers mean. Encoding by hand keeps the measuring client cheap: a
submit is one bytes object, made beforehand.
"""

import os
import socket
import struct


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def blob(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def fields(data):
    """Yields (field, value); values are ints or bytes."""
    at = 0

    def read():
        nonlocal at
        shift = result = 0
        while True:
            byte = data[at]
            at += 1
            result |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return result

    while at < len(data):
        key = read()
        if key & 7 == 0:
            yield key >> 3, read()
        elif key & 7 == 2:
            length = read()
            yield key >> 3, bytes(data[at:at + length])
            at += length
        else:
            raise ValueError(f"wire type {key & 7}")


def frame(envelope):
    return struct.pack(">I", len(envelope)) + envelope


COMMAND, WORKER = 1, 2


def hello(role):
    return blob(2, number(1, 1) + number(2, 1) + blob(3, b"bench") + number(4, role))


HELLO = hello(COMMAND)


def job(argv, count=None, held=False, name=b"bench", environment=b"PATH=/usr/bin:/bin\0"):
    """A JobRequest: argv run in /, one cpu, no memory limit, output to /dev/null."""
    array = number(1, 0) + number(2, 1) + number(3, count or 1)
    if count:
        array += number(5, 1)
    launch = b"".join(blob(1, word) for word in argv) + blob(2, b"/") + number(3, 0o022)
    launch += blob(7, b"/dev/null") + number(9, 100 << 20)
    request = blob(1, name) + blob(2, array) + blob(3, number(1, 1000))
    request += number(5, 100) + number(7, 5000) + (number(8, 1) if held else b"")
    return request + blob(9, launch) + blob(10, environment)


class Client:
    def __init__(self, path, role=COMMAND):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.buffer = bytearray()
        self.requests = 0
        self.send(hello(role))
        self.receive()

    def send(self, envelope):
        self.socket.sendall(frame(envelope))

    def frame(self, body):
        self.requests += 1
        return frame(number(1, self.requests) + body)

    def receive(self):
        while True:
            if len(self.buffer) >= 4:
                (length,) = struct.unpack_from(">I", self.buffer)
                if len(self.buffer) >= 4 + length:
                    envelope = bytes(self.buffer[4:4 + length])
                    del self.buffer[:4 + length]
                    return dict(fields(envelope))
            data = self.socket.recv(1 << 16)
            if not data:
                raise EOFError("flusterd hung up")
            self.buffer += data

    def submit_frame(self, request, token=None):
        return self.frame(blob(10, blob(1, token or os.urandom(16)) + blob(3, request)))

    def submitted(self):
        answer = self.receive()
        if 11 not in answer:
            raise RuntimeError(f"submit was refused: {answer}")
        return dict(fields(answer[11]))[1]

    def submit(self, request):
        self.socket.sendall(self.submit_frame(request))
        return self.submitted()

    def wait(self, job):
        """Returns when the job has ended."""
        self.socket.sendall(self.frame(blob(14, blob(1, blob(1, number(1, job))))))
        while 4 not in self.receive():
            pass
