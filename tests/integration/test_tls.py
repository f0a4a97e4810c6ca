#!/usr/bin/python3
"""deploy/nginx with a certificate, as the container of docker-compose.yml runs it: what it speaks, whom it sends to TLS, and that it does not
run in plain HTTP where TLS was asked for. Debian's nginx, in a mount and network namespace of its own; needs root."""
import http.client
import http.server
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from checks import main_alone
from system import ROOT, die_with_parent, listens, wait_until

INSIDE = "--inside"
HOST = "127.0.0.1"


class Behind(http.server.BaseHTTPRequestHandler):
    """A service behind nginx, which says what it was told."""

    def do_GET(self):
        body = f"{self.headers['X-Forwarded-Proto']} {self.headers['X-Forwarded-For']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def answer_names():
    """Docker's name server: every name is this machine."""
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.11", 53))
    while True:
        question, asker = names.recvfrom(512)
        names.sendto(question[:2] + b"\x81\x80" + question[4:6] + b"\0\1\0\0\0\0" + question[12:]
                     + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(HOST), asker)


class Proxy:
    """/etc/nginx and /tmp are of this namespace alone."""

    def __init__(self):
        self.process, self.tls = None, Path("/etc/nginx/tls")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/etc/nginx"], check=True)
        shutil.copytree(ROOT / "deploy/nginx", "/etc/nginx", dirs_exist_ok=True)
        text = Path("/etc/nginx/nginx.conf").read_text()
        for port in ("8080", "8090"):  # of the services, which have no addresses of their own here
            assert f"set $port {port};" in text
            text = text.replace(f"set $port {port};", f"set $port 1{port};")
        Path("/etc/nginx/nginx.conf").write_text(text)
        shutil.copy(ROOT / "deploy/compose/nginx/run-nginx", "/etc/nginx")  # the project may lie under /tmp
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/tmp"], check=True)
        for folder in (self.tls, Path("/var/lib/nginx")):
            folder.mkdir(exist_ok=True)

    def certify(self, name):
        """A certificate that vouches for itself, as a first start has it."""
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", self.tls / "key.pem",
                 "-out", self.tls / "certificate.pem"]
        subprocess.run(words, check=True, capture_output=True)

    def run(self, **settings):
        return subprocess.Popen(["/etc/nginx/run-nginx"], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **settings},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent)

    def start(self, **settings):
        self.process = self.run(**settings)
        wait_until(lambda: self.process.poll() is not None or listens(8081), 30, "nginx listens")
        assert self.process.poll() is None, self.process.stdout.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def ask(port, path="/reports?a=b", tls=None, method="GET"):
    connection = (http.client.HTTPSConnection(HOST, port, context=tls, timeout=5) if tls else http.client.HTTPConnection(HOST, port, timeout=5))
    connection.request(method, path, headers={"Host": f"city.example:{port}"})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()


def context(least=None, most=None, ciphers=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_ciphers(ciphers or "ALL:@SECLEVEL=0")
    made.minimum_version, made.maximum_version = least or ssl.TLSVersion.MINIMUM_SUPPORTED, most or ssl.TLSVersion.MAXIMUM_SUPPORTED
    return made


def speaks(**wants):
    """Version and cipher that were agreed on, None: nginx refused."""
    with socket.create_connection((HOST, 8080), 5) as plain:
        try:
            with context(**wants).wrap_socket(plain) as session:
                return session.version(), session.cipher()[0]
        except ssl.SSLError:
            return None


def subject():
    text = ssl.get_server_certificate((HOST, 8080))
    return subprocess.run(["openssl", "x509", "-noout", "-subject"], input=text, capture_output=True, text=True, check=True).stdout.strip()


def without_a_certificate_it_is_plain_unless_tls_is_needed(proxy):
    proxy.start()
    assert ask(8080)[::2] == (200, "http 127.0.0.1 /reports?a=b") and not listens(8082)
    proxy.stop()
    refused = proxy.run(NEEDS_TLS="yes")
    assert refused.wait(30) == 1 and "certificate.pem" in refused.stdout.read()


def with_one_both_ports_speak_tls(proxy):
    proxy.certify("first")
    proxy.start(NEEDS_TLS="yes", INTAKE_PORT="443")
    for port in (8080, 8090):
        status, headers, body = ask(port, tls=context())
        assert (status, body) == (200, "https 127.0.0.1 /reports?a=b"), (status, body)
        assert headers["Strict-Transport-Security"] == "max-age=31536000", headers


def old_versions_and_weak_ciphers_are_refused(_):
    versions = ssl.TLSVersion
    assert speaks(least=versions.TLSv1_3)[0] == "TLSv1.3"
    assert speaks(most=versions.TLSv1_2, ciphers="ECDHE+AESGCM") == ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384")
    for wants in ({"most": versions.TLSv1_1}, {"most": versions.TLSv1_2, "ciphers": "ECDHE-RSA-AES128-SHA256"},
                  {"most": versions.TLSv1_2, "ciphers": "AES128-GCM-SHA256"}):
        assert speaks(**wants) is None, wants


def plain_http_is_sent_to_tls(_):
    for port in (8080, 8090):
        for method in ("GET", "POST"):
            status, headers, _ = ask(port, method=method)
            assert (status, headers["Location"]) == (308, f"https://city.example:{port}/reports?a=b"), (port, method, status, headers)
    status, headers, _ = ask(8082)
    assert (status, headers["Location"]) == (308, "https://city.example/reports?a=b"), (status, headers)


def a_renewed_certificate_is_read_at_a_hup(proxy):
    assert subject() == "subject=CN = first"
    proxy.certify("second")
    assert subject() == "subject=CN = first"
    proxy.process.send_signal(signal.SIGHUP)
    wait_until(lambda: subject() == "subject=CN = second", 10, "the new certificate")
    proxy.stop()


def another_port_of_intake_stands_in_the_redirection(proxy):
    proxy.start(NEEDS_TLS="yes", INTAKE_PORT="8443")
    assert ask(8082)[1]["Location"] == "https://city.example:8443/reports?a=b"
    proxy.stop()


TESTS = (without_a_certificate_it_is_plain_unless_tls_is_needed, with_one_both_ports_speak_tls, old_versions_and_weak_ciphers_are_refused,
         plain_http_is_sent_to_tls, a_renewed_certificate_is_read_at_a_hup, another_port_of_intake_stands_in_the_redirection)


def inside():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    threading.Thread(target=answer_names, daemon=True).start()
    for port in (18080, 18090):
        threading.Thread(target=http.server.ThreadingHTTPServer((HOST, port), Behind).serve_forever, daemon=True).start()
    main_alone("tls", TESTS, Proxy())


def main():
    if INSIDE in sys.argv:
        inside()
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "--net", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        print("skip tls not root, or no namespaces can be made here")
        return 0
    subprocess.run([ROOT / "deploy/install-packages", "proxy"], check=True)
    return subprocess.run(["unshare", "--mount", "--net", sys.executable, "-W", "ignore::DeprecationWarning", __file__, INSIDE], check=False, preexec_fn=die_with_parent).returncode


if __name__ == "__main__":
    sys.exit(main())
