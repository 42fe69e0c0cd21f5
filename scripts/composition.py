#!/usr/bin/env python3
"""Runs three pollers and one front over loopback, checks what arrives, and measures it.

  scripts/composition.py PROGRAM ORIGIN [FEEDS]

PROGRAM is `tributary`. ORIGIN is `origin` of benches/harness, which serves generated feeds (3,000
unless FEEDS is given). Each poller follows a third of them, and the front follows the pollers.
Fails unless the front has each story with the id and the date that its poller gave it, and unless
a new post reaches its feed. Uses the ports 18960 to 18963 and 18970.
"""
import json, os, re, shutil, sqlite3, subprocess, sys, tempfile, time, urllib.request

BASE, ORIGIN_PORT, FEED = 18960, 18970, "/topics/all/feed.atom"


def get(url):
    with urllib.request.urlopen(url, timeout=120) as response:
        return response.read().decode()


def wait(what, condition, limit=600, pause=0.1):
    """Waits until `condition` returns true. An address that does not answer yet is waited for."""
    begun = time.time()
    while True:
        try:
            if condition():
                break
        except OSError:
            pass
        if time.time() - begun > limit:
            sys.exit(f"timed out: {what}")
        time.sleep(pause)
    print(f"{what}: {time.time() - begun:.1f} s", flush=True)


class Tributary:
    """A daemon with its own directory."""

    def __init__(self, program, folder, port, sources):
        self.program, self.folder, self.port = program, folder, port
        os.makedirs(folder)
        lines = [
            '[site]\ntitle = "Composition"\ncontact = "mailto:me@example.org"',
            f'base_url = "http://127.0.0.1:{port}/"',
            '[polling]\nallow_hosts = ["127.0.0.0/8"]\nper_host = 32\nhost_gap = "0s"',
            "[publishing]\nmax_entries = 200",
        ]
        for name, url in sources:
            lines.append(f'[[source]]\nid = "{name}"\nurl = "{url}"')
            lines.append('follow = "feed"\ninterval = "1h"')
        with open(f"{folder}/feeds.toml", "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(f"{folder}/log", "w") as log:
            arguments = [program, "serve", "--listen", f"127.0.0.1:{port}"]
            self.process = subprocess.Popen(arguments, cwd=folder, stdout=log, stderr=log)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def run(self, *arguments):
        command = [self.program, *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True).stdout

    def log(self):
        with open(f"{self.folder}/log") as file:
            return file.read()

    def count(self):
        """Returns the number of stories."""
        database = sqlite3.connect(f"file:{self.folder}/data/tributary.db?mode=ro", uri=True)
        return database.execute("SELECT count(*) FROM story WHERE removed_ms IS NULL").fetchone()[0]

    def dates(self):
        """Returns the date of each story by its published id."""
        stories = json.loads(self.run("stories", "--json", "--limit", "0"))
        return {story["published_id"]: story["published"] for story in stories}

    def feed_ids(self):
        return re.findall(r"<entry>.*?<id>([^<]*)</id>", get(self.url(FEED)), re.DOTALL)

    def usage(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        status = open(f"/proc/{self.process.pid}/status").read()
        peak = int(re.search(r"VmHWM:\s+(\d+)", status).group(1))
        return f"{cpu:.1f} CPU s, {peak // 1024} MB at the peak"


def main():
    program, origin = map(os.path.abspath, sys.argv[1:3])
    feeds = sys.argv[3] if len(sys.argv) > 3 else "3000"
    root, site = tempfile.mkdtemp(), f"http://127.0.0.1:{ORIGIN_PORT}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen([origin, "--port", str(ORIGIN_PORT), "--feeds", feeds], **quiet)]

    def start(name, port, sources):
        daemon = Tributary(program, f"{root}/{name}", port, sources)
        processes.append(daemon.process)
        wait(f"{name} serves", lambda: get(daemon.url("/healthz")))
        return daemon

    try:
        wait("the feeds are generated", lambda: get(f"{site}/urls"))
        urls = [f"{site}/feed/{n}.xml" for n in range(int(feeds))]
        pollers = [
            start(f"poller-{k}", BASE + k, [(f"s{k}-{n}", url) for n, url in enumerate(urls[k::3])])
            for k in range(3)
        ]
        begun = time.time()
        for poller in pollers:  # the first polls of a new daemon are spread over the interval
            poller.run("poll", "--force")
        first_page = "/topics/all/archive/1.atom"
        wait("every archive is rendered", lambda: all(get(p.url(first_page)) for p in pollers))
        print(f"the pollers have polled everything: {time.time() - begun:.1f} s")
        report(pollers)

        sources = [(f"poller-{k}", poller.url(FEED)) for k, poller in enumerate(pollers)]
        front = start("front", BASE + 3, sources)
        total = sum(poller.count() for poller in pollers)
        # Counting often would delay the front.
        wait("the front has every story", lambda: front.count() >= total, pause=5)
        report([front])
        known = {}
        for poller in pollers:
            known.update(poller.dates())
        dates = front.dates()
        print(f"stories: {len(known)}; with the same id and date at the front: ", end="")
        print(sum(1 for story, date in dates.items() if known.get(story) == date))
        if dates != known:
            sys.exit("the front differs from the pollers")

        confirmed = "confirmed the subscription"
        wait("the front is subscribed", lambda: front.log().count(confirmed) == len(pollers))
        get(f"{site}/_tick?p=1")  # every feed has a new entry
        for n in range(3):
            before = set(front.feed_ids())
            pollers[0].run("poll", "--force", f"s0-{n}")
            arrived = "a new post is in the feed of the front"
            wait(arrived, lambda: set(front.feed_ids()) - before, 60)
        report([*pollers, front])
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        shutil.rmtree(root)


def report(daemons):
    for daemon in daemons:
        name = os.path.basename(daemon.folder)
        print(f"{name}: {daemon.count()} stories, {daemon.usage()}", flush=True)


main()
