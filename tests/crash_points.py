#!/usr/bin/env python3
"""Kills the service at random moments while alerts are raised, told and acknowledged, and counts what a pager heard.

    crash_points.py STORMWATCH_BINARY CYCLES

A local HTTP server is the pager: it answers 200, or 500, or nothing, by turns. In each cycle a patient is admitted, has a
falling phosphate, and, in every second cycle, the alert is acknowledged; a `kill -9` falls at a random point in between.
In the end every open alert's first step was heard, every delivery is one (alert, step, attempt), and nothing was told whose
acknowledgement had been answered before. A delivery heard twice carries the same id, so that a pager can drop it: these
are counted as repeats. Prints one line of JSON; exit 1 where a promise is broken.
"""
import datetime as dt
import http.server
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

binary, cycles = sys.argv[1], int(sys.argv[2])
heard = []  # (time, delivery id, alert, step, attempt), accepted ones only
lock = threading.Lock()


class Pager(http.server.BaseHTTPRequestHandler):
    turn = 0

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with lock:
            Pager.turn += 1
            turn = Pager.turn
        if turn % 7 == 3:  # a pager that is down now and then
            self.send_error(500)
            return
        with lock:
            heard.append((time.time(), self.headers["Stormwatch-Delivery-Id"], body["alert"]["id"], body["step"], body["attempt"]))
        if turn % 11 == 5:  # heard, but the answer is lost
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def stamp(minutes):
    at = dt.datetime.now(dt.timezone.utc) + dt.timedelta(minutes=minutes)
    return at.strftime("%Y%m%d%H%M%S+0000")


def message(kind, control, *segments):
    head = f"MSH|^~\\&|LAB|KUH|SW|ICU|{stamp(0)}||{kind}|{control}|P|2.5.1"
    return "\r".join((head,) + segments) + "\r"


def result(patient, control, minutes, value):
    at = stamp(minutes)
    return message("ORU^R01^ORU_R01", control, f"PID|||{patient}^^^KUH^MR", f"OBR|1|||PANEL|||{at}",
                   f"OBX|1|NM|2777-1^^LN||{value}|mg/dL|||||F|||{at}")


class Service:
    def __init__(self, folder, config):
        out = open(f"{folder}/out", "w+")
        self.process = subprocess.Popen([binary, "serve", "--config", config], stdout=out, stderr=open(f"{folder}/log", "a"))
        for _ in range(600):
            found = re.search(r"http=(\S+) mllp=(\S+)", open(f"{folder}/out").read())
            if found:
                self.http, (host, port) = found[1], found[2].rsplit(":", 1)
                self.mllp = (host, int(port))
                return
            time.sleep(0.05)
        raise SystemExit("the service did not start: " + open(f"{folder}/log").read()[-2000:])

    def send(self, text):
        """The acknowledgement code, or None where the service was gone first."""
        try:
            with socket.create_connection(self.mllp, timeout=5) as line:
                line.sendall(b"\x0b" + text.encode() + b"\x1c\r")
                answer = b""
                while not answer.endswith(b"\x1c\r"):
                    part = line.recv(4096)
                    if not part:
                        return None
                    answer += part
            return re.search(rb"MSA\|(\w\w)", answer)[1].decode()
        except OSError:
            return None

    def ask(self, path, body=None):
        request = urllib.request.Request(f"http://{self.http}{path}", data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def main():
    chance = random.Random(7)
    pager = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pager)
    threading.Thread(target=pager.serve_forever, daemon=True).start()
    folder = tempfile.mkdtemp(prefix="stormwatch-crash-")
    config = f"{folder}/config.toml"
    with open(config, "w") as file:
        file.write(f'data = "{folder}/data"\n\n[http]\nbind = "127.0.0.1:0"\n\n[[mllp]]\nname = "mllp"\nbind = "127.0.0.1:0"\n\n'
                   f'[[webhook]]\nname = "pager"\nurl = "http://127.0.0.1:{pager.server_port}/"\n')
    acknowledged, raised = {}, set()
    for cycle in range(cycles):
        service = Service(folder, config)
        killer = threading.Timer(chance.uniform(0.02, 0.6), service.kill)
        killer.start()
        patient = f"C{cycle:04}"
        admission = message("ADT^A01^ADT_A01", f"A{cycle}", f"PID|||{patient}^^^KUH^MR", f"PV1||I|6E^{cycle % 40:02}")
        for text in (admission, result(patient, f"B{cycle}", -26 * 60, 3.5)):
            service.send(text)
        at = (dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=24)).isoformat()
        service.ask(f"/api/v1/patients/{patient}/therapies", {"kind": "infusion", "product": "tisa-cel", "at": at})
        service.send(result(patient, f"L{cycle}", -1, 2.3))
        if cycle % 2:
            mine = (service.ask(f"/api/v1/alerts?patient={patient}") or {}).get("alerts", [])
            for alert in mine:
                if service.ask(f"/api/v1/alerts/{alert['id']}/acknowledge", {"comment": "seen"}):
                    acknowledged[alert["id"]] = time.time()
        killer.join()
        print(f"\rcrash {cycle + 1} of {cycles}: {len(heard)} heard", end="", file=sys.stderr)
    print(file=sys.stderr)
    # At last it runs on, and whatever is owed arrives.
    service = Service(folder, config)
    owed = []
    for _ in range(60):
        alerts = service.ask("/api/v1/alerts")["alerts"]
        raised = {alert["id"] for alert in alerts}
        with lock:
            told = {row[2] for row in heard}
        owed = [alert["id"] for alert in alerts
                if alert["state"] == "active" and alert["step"] >= 1 and alert["inhibited_by"] is None and alert["id"] not in told]
        if not owed:
            break
        time.sleep(1)
    service.kill()
    with lock:
        rows = list(heard)
    ids = {}
    for at, delivery, alert, step, attempt in rows:
        ids.setdefault((alert, step, attempt), set()).add(delivery)
    two_ids = [key for key, found in ids.items() if len(found) > 1]
    late = [row for row in rows if row[2] in acknowledged and row[3] == 1 and row[4] == 0 and row[0] > acknowledged[row[2]] + 1]
    line = {"soak": "crash points", "cycles": cycles, "alerts": len(raised), "heard": len(ids), "repeats_with_the_same_id": len(rows) - len(ids),
            "owed_and_not_told": len(owed), "told_under_two_ids": len(two_ids), "told_after_acknowledgement": len(late)}
    print(json.dumps(line))
    if owed or two_ids or late:
        print(f"kept for a look: {folder}", file=sys.stderr)
        os._exit(1)
    os._exit(0)


main()
