"""What visitors cost a job: the speed of a painting job in the studio with and without 200 connections.

    python3 benches/studio.py target/release/impasto [pairs]

Half of the connections are streams of events, the others ask for pages and lists of jobs, 100 requests a second in all.
Jobs without and with the load alternate; the figure is the ratio of the medians of the seconds that the iterations took.
The load comes from this program, on the same machine: its own share of the processors is told, too.
"""

import asyncio
import hashlib
import http.client
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import uuid

STREAMS, ASKERS, RATE = 100, 100, 100.0
PATHS = ["/", "/studio.js", "/studio.css", "/api/v1/jobs?limit=20", "/api/v1/queue"]
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


class Studio:
    def __init__(self, program, folder):
        command = [program, "serve", "--port", "0", "--data", os.path.join(folder, "data")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address, self.token = self.process.stdout.readline().strip().split("/#token=")
        self.port = int(address.rsplit(":", 1)[1])

    def call(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        connection.request(method, "/api/v1" + path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        assert answer.status < 300, data
        return json.loads(data)

    def upload(self, name):
        with open(os.path.join(ROOT, "samples", name), "rb") as file:
            data = file.read()
        return self.call("PUT", f"/pictures/{hashlib.sha256(data).hexdigest()}?name={name}", data, "image/jpeg")["id"]


async def seconds_of_job(studio, settings):
    """Runs a job, and returns the seconds of its iterations."""
    job = str(uuid.uuid4())
    studio.call("PUT", f"/jobs/{job}", json.dumps(settings))
    while True:
        await asyncio.sleep(0.5)
        facts = await asyncio.to_thread(studio.call, "GET", f"/jobs/{job}")
        if facts["state"] == "done":
            return facts["result"]["seconds"]
        assert facts["state"] in ("queued", "running"), facts


def head(studio, path):
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nAuthorization: Bearer {studio.token}\r\n\r\n"
    ).encode()


async def stream(studio):
    reader, writer = await asyncio.open_connection("127.0.0.1", studio.port)
    writer.write(head(studio, "/api/v1/events"))
    while await reader.read(65536):
        pass


async def ask(studio, number, answered):
    reader, writer = await asyncio.open_connection("127.0.0.1", studio.port, limit=1 << 20)
    await asyncio.sleep(number / RATE)
    while True:
        writer.write(head(studio, PATHS[number % len(PATHS)]))
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
        await reader.readexactly(length)
        answered[0] += 1
        await asyncio.sleep(ASKERS / RATE)


async def measure(studio, settings, pairs):
    quiet, loaded, asked, own = [], [], 0, 0.0
    for _ in range(pairs):
        quiet.append(await seconds_of_job(studio, settings))
        answered = [0]
        tasks = [asyncio.create_task(stream(studio)) for _ in range(STREAMS)]
        tasks += [asyncio.create_task(ask(studio, number, answered)) for number in range(ASKERS)]
        await asyncio.sleep(1.5)
        before = resource.getrusage(resource.RUSAGE_SELF)
        loaded.append(await seconds_of_job(studio, settings))
        after = resource.getrusage(resource.RUSAGE_SELF)
        own += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        asked += answered[0]
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        failed = [result for result in results if not isinstance(result, asyncio.CancelledError)]
        assert not failed, failed[:3]
    ratio = statistics.median(loaded) / statistics.median(quiet)
    print(f"without: {' '.join(f'{seconds:.2f}' for seconds in quiet)} s")
    print(f"with:    {' '.join(f'{seconds:.2f}' for seconds in loaded)} s, {asked} requests answered")
    print(f"ratio of the medians: {ratio:.3f}; this program itself took {own / sum(loaded):.1%} of one processor")


def main():
    program, pairs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(program, folder)
        try:
            settings = {"content": studio.upload("harbour.jpg"), "styles": [studio.upload("swirls.jpg")], "size": 384}
            asyncio.run(measure(studio, settings, pairs))
        finally:
            studio.process.terminate()
            studio.process.wait()


main()
