#!/usr/bin/env python3
"""fluster-client.py COMMAND [ARG ...]: have Fluster run it, exit with its status."""
import os, socket, sys

HELLO, ERROR, SUBMIT, SUBMITTED, WAIT, ENDED = 2, 3, 10, 11, 14, 15


def varint(value):
    out = []
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def fields(data):
    """What a message holds, by field number; of a repeated field the last."""
    found, at = {}, 0

    def take():
        nonlocal at
        value = shift = 0
        while True:
            byte, at = data[at], at + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = take()
        if key & 7 == 0:
            found[key >> 3] = take()
        else:
            length = {1: 8, 5: 4}.get(key & 7) or take()
            found[key >> 3] = data[at:at + length]
            at += length
    return found


def send(stream, request, kind, message):
    envelope = number(1, request) + block(kind, message)
    stream.write(len(envelope).to_bytes(4, "big") + envelope)
    stream.flush()


def receive(stream):
    header = stream.read(4)
    if len(header) < 4:
        raise ConnectionError("flusterd closed the connection")
    envelope = fields(stream.read(int.from_bytes(header, "big")))
    if ERROR in envelope:
        print(fields(envelope[ERROR])[2].decode(), file=sys.stderr)
        sys.exit(125)
    return envelope


def connect():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ.get("FLUSTER_SOCKET", "/run/fluster/control.sock"))
    stream = connection.makefile("rwb")
    hello = number(1, 1) + number(2, 1) + block(3, b"example") + number(4, 1)
    send(stream, 0, HELLO, hello)
    receive(stream)
    return stream


def job(argv):
    mask = os.umask(0)
    os.umask(mask)
    launch = b"".join(block(1, os.fsencode(word)) for word in argv)
    launch += block(2, os.fsencode(os.getcwd())) + number(3, mask)
    variables = b"".join(k + b"=" + v + bytes(1) for k, v in os.environb.items())
    name, needs = os.path.basename(argv[0]).encode(), number(1, 1000)
    return (block(1, name) + block(3, needs) + number(5, 100) + number(7, 5000)
            + block(9, launch) + block(10, variables))


submit = block(1, os.urandom(16)) + block(3, job(sys.argv[1:] or ["true"]))
try:
    stream = connect()
    send(stream, 1, SUBMIT, submit)
    answer = receive(stream)
except ConnectionError:
    stream = connect()  # and say the same again, with the same token
    send(stream, 1, SUBMIT, submit + number(2, 1))
    answer = receive(stream)
job_number = fields(answer[SUBMITTED])[1]
print(job_number)
send(stream, 2, WAIT, block(1, block(1, number(1, job_number))))
sys.exit(fields(receive(stream)[ENDED]).get(7, 0))
