# SPDX-License-Identifier: Apache-2.0
"""What the manual pages say of sockets: errors, options, addresses, backpressure."""

import re

from simulated_hosts import wait_for, World


ERRORS = """
import errno, fcntl, os, select, signal, socket, struct, sys, time
def code(call):
    try:
        return call()
    except OSError as error:
        return errno.errorcode[error.errno]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('10.0.0.1', 5000))
listener.listen(4)
assert listener.getsockname() == ('10.0.0.1', 5000)
assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
assert code(lambda: socket.socket().bind(('10.0.0.1', 5000))) == 'EADDRINUSE'
assert code(lambda: socket.socket().bind(('10.0.0.77', 0))) == 'EADDRNOTAVAIL'
assert code(lambda: socket.socket().getpeername()) == 'ENOTCONN'
assert code(lambda: socket.socket().shutdown(socket.SHUT_WR)) == 'ENOTCONN'
assert code(lambda: socket.socket().accept()) == 'EINVAL'
assert code(lambda: socket.socket().setsockopt(socket.IPPROTO_TCP, 9999, 1)) == 'ENOPROTOOPT'
listener.setblocking(False)
assert code(listener.accept) == 'EAGAIN'
listener.setblocking(True)
print('ready', flush=True)
first, peer = listener.accept()
assert peer[0] == '10.0.0.2' and first.getpeername() == peer and first.getsockname() == ('10.0.0.1', 5000)
assert (first.family, first.type, first.proto) == (socket.AF_INET, socket.SOCK_STREAM, 0)
assert first.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == socket.AF_INET
assert first.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == socket.IPPROTO_TCP
first.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
assert first.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
info = first.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
assert info[0] == 1, 'ESTABLISHED'
assert first.recv(4, socket.MSG_PEEK | socket.MSG_WAITALL) == b'peek'
assert struct.unpack('i', fcntl.ioctl(first, 0x541b, b'0000'))[0] == 4  # FIONREAD
assert first.recv(100) == b'peek'
first.send(b'go')
# The peer resets: what was sent before comes first, then the error once, then the end.
assert first.recv(100) == b'before'
wanted = select.POLLIN | select.POLLRDHUP
poller = select.poll()
poller.register(first, wanted)
while not any(seen & select.POLLHUP for _, seen in poller.poll()):
    time.sleep(0.01)
assert code(lambda: first.recv(100)) == 'ECONNRESET'
assert code(lambda: first.recv(100)) == b''
assert code(lambda: first.send(b'x')) == 'EPIPE'
first.close()
# A peer that closes with unread data resets as well; this time the writer finds out.
second, _ = listener.accept()
second.send(b'unread')
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
for _ in range(1000):
    result = code(lambda: second.send(b'more'))
    if result != 4:
        break
    time.sleep(0.01)
assert result == 'ECONNRESET', result
# Addresses that are not the world's are the system's.
outside = socket.socket()
outside.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
outside.bind(('127.0.0.1', 0))
outside.listen(1)
near = socket.socket()
near.connect(outside.getsockname())
far, _ = outside.accept()
near.send(b'through the kernel')
assert far.recv(100) == b'through the kernel'
assert outside.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
print('server done', flush=True)
"""

ERRORS_CLIENT = """
import errno, select, socket, struct, time
refused = socket.socket()
refused.setblocking(False)
assert refused.connect_ex(('a', 5001)) == errno.EINPROGRESS
poller = select.poll()
poller.register(refused, select.POLLOUT)
assert poller.poll(20000)[0][1] & select.POLLERR
assert refused.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
assert refused.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
blocking = socket.socket()
assert blocking.connect_ex(('a', 5001)) == errno.ECONNREFUSED
# The same socket again, where somebody listens now.
assert blocking.connect_ex(('a', 5000)) == 0
assert blocking.connect_ex(('a', 5000)) == errno.EISCONN
blocking.send(b'peek')
assert blocking.recv(2) == b'go'
blocking.send(b'before')
time.sleep(0.3)
blocking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
blocking.close()
second = socket.create_connection(('a', 5000))
while not select.select([second], [], [], 1)[0]:
    pass
second.close()
print('client done')
"""


def test_errors(world: World) -> None:
    """Errors, options and addresses, as the manual pages have them; resets from both sides; what is not the world's."""
    log = world.start("a", "python3", "-c", ERRORS, ready="ready")
    assert "client done" in world.run("b", "python3", "-c", ERRORS_CLIENT).stdout
    wait_for(lambda: world.programs[0].poll() is not None, "the end of the server")
    assert "server done" in log.read_text(), log.read_text()


SLOW = """
import socket, sys, time
listener = socket.socket()
listener.bind(('', 6000))
listener.listen(1)
print('ready', flush=True)
peer, _ = listener.accept()
time.sleep(2)
total = 0
while data := peer.recv(65536):
    total += len(data)
print('total', total, flush=True)
"""


FAST = """
import socket, time
out = socket.create_connection(('a', 6000))
out.setblocking(False)
sent = 0
quiet = 0
while quiet < 40:
    try:
        sent += out.send(bytes(65536))
        quiet = 0
    except BlockingIOError:
        quiet += 1
        time.sleep(0.01)
    if sent > 40_000_000:
        break
print('stopped', sent)
out.setblocking(True)
out.sendall(bytes(1000))
out.shutdown(socket.SHUT_WR)
assert out.recv(1) == b''
print('sent', sent + 1000)
"""


def test_backpressure(world: World) -> None:
    """A reader that sleeps stops its writer, by the window and with bounded buffers; then everything arrives."""
    log = world.start("a", "python3", "-c", SLOW, ready="ready")
    output = world.run("b", "python3", "-c", FAST).stdout
    stopped = int(re.search(r"stopped (\d+)", output).group(1))
    assert stopped < 40_000_000, "nothing stopped the writer"
    sent = re.search(r"sent (\d+)", output).group(1)
    wait_for(lambda: f"total {sent}\n" in log.read_text(), "the whole of it at the reader")
