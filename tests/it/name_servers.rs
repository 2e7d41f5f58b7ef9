//! Name servers that know nothing, fail, or never answer, and addresses that lead nowhere: the job does
//! not wait, and its end is delivered or kept.
//!
//! They live in a network of their own, where port 53 is free.

use crate::hb::{Home, Seen};

/// Plays the name server and the receiver, and runs hb with one name after the other.
const SCENE: &str = r#"
import http.server, os, socket, struct, subprocess, threading, time
subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
open('resolv.conf', 'w').write('nameserver 127.0.0.1\n')
subprocess.run(['mount', '--bind', 'resolv.conf', '/etc/resolv.conf'], check=True)

heard = []
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        heard.append(self.path)
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words): pass
receiver = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()

names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(('127.0.0.1', 53))
REFUSED, NOWHERE, GONE = socket.inet_pton(socket.AF_INET6, '::1'), socket.inet_pton(socket.AF_INET6, '2001:db8::1'), bytes([192, 0, 2, 1])
HERE = bytes([127, 0, 0, 1])
KNOWN = {'four': (HERE, None), 'six-refuses': (HERE, REFUSED), 'six-leads-nowhere': (HERE, NOWHERE), 'no-route': (GONE, NOWHERE)}
def serve():
    while True:
        query, who = names.recvfrom(512)
        name = query[13:13 + query[12]].decode()
        end = query.index(0, 12) + 5
        kind = struct.unpack('>H', query[end - 4:end - 2])[0]
        if name == 'never': continue
        code = {'nobody': 3, 'trouble': 2}.get(name, 0)
        found = KNOWN.get(name, (None, None))[{1: 0, 28: 1}[kind]]
        head = query[:2] + struct.pack('>HHHHH', 0x8180 | code, 1, 1 if found else 0, 0, 0)
        body = b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, 60, len(found)) + found if found else b''
        names.sendto(head + query[12:end] + body, who)
threading.Thread(target=serve, daemon=True).start()

def run(name):
    heard.clear()
    url = f'http://{name}.test:{receiver.server_port}/ping/7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f'
    words = ['hb', 'run', '--to', url, '--report-timeout', '2s', 'm', '--', 'sh', '-c', 'echo ran; date +%s.%N; exit 7']
    began = time.time()
    seen = subprocess.run(words, capture_output=True, text=True)
    ran, at = seen.stdout.split()
    # What was kept for other names may go out behind it.
    told = 'kept' if 'it is kept and sent later' in seen.stderr else 'delivered' if heard else seen.stderr
    late = [] if time.time() - began < 9 and float(at) - began < 3 else ['too late']
    print(name, seen.returncode, ran, told, *late, flush=True)
for name in ['four', 'six-refuses', 'six-leads-nowhere', 'no-route', 'nobody', 'trouble', 'never']: run(name)
# No name server at all, as on a host whose network is not up yet.
subprocess.run(['umount', '/etc/resolv.conf'], check=True)
open('resolv.conf', 'w').write('nameserver 192.0.2.1\n')
subprocess.run(['mount', '--bind', 'resolv.conf', '/etc/resolv.conf'], check=True)
run('four')
subprocess.run(['mount', '-t', 'tmpfs', 'none', '/etc'], check=True)
run('nobody')
"#;

#[test]
fn no_name_server_holds_up_a_job_or_loses_its_end() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it makes a network");
    let home = Home::new();
    let mut command = home.program("unshare");
    let seen = Seen::of(command.args(["--net", "--mount", "python3", "-c", SCENE]));
    let expected = "four 7 ran delivered\nsix-refuses 7 ran delivered\n\
                    six-leads-nowhere 7 ran delivered\nno-route 7 ran kept\nnobody 7 ran kept\n\
                    trouble 7 ran kept\nnever 7 ran kept\nfour 7 ran kept\nnobody 7 ran kept\n";
    assert_eq!(seen, Seen { status: 0, stdout: expected.to_owned(), stderr: String::new() });
}
