#!/usr/bin/env python3
"""Subscribes with feed readers of other projects to the real program, and checks what they show.

    run.py PROGRAM [READER...]

Two publications on loopback write, edit and repost stories; the topic is renamed and the daemon is
restarted. After every step each reader updates, from Atom and from RSS. No story may be there
twice, every entry must name its publication, and dates must be the publisher's.

A reader that is not installed is reported. With CI=true that is a failure.
"""

import importlib.util
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import datetime, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

WAIT_S = 60
FORMATS = ("atom", "rss")


# --- The publications


class Post:
    """A post: its id, its date, and what it says now."""

    def __init__(self, site, number, title, author=None, link=None, text=None):
        self.id = f"tag:{site}.example,2026:{number}"
        self.link = link or f"https://{site}.example/posts/{number}"
        self.title = title
        self.author = author
        self.date = datetime(2026, 3, number, 8, 30, tzinfo=timezone.utc)
        self.text = text or " ".join(f"{site}{number}word{n}" for n in range(60))

    def item(self):
        author = f"<dc:creator>{escape(self.author)}</dc:creator>" if self.author else ""
        return (
            f'<item><guid isPermaLink="false">{self.id}</guid><link>{self.link}</link>'
            f"<title>{escape(self.title)}</title>{author}"
            f"<pubDate>{format_datetime(self.date)}</pubDate>"
            f"<description>{escape(self.text)}</description></item>"
        )


class Publications(ThreadingHTTPServer):
    """A server with a feed for each publication."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, site):
        return f"http://127.0.0.1:{self.server_address[1]}/{site}.xml"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.path.removeprefix("/").removesuffix(".xml")
        if site not in self.server.posts:
            self.send_error(404)
            return
        items = "".join(post.item() for post in reversed(self.server.posts[site]))
        body = (
            '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<channel><title>{site}</title><link>https://{site}.example/</link>"
            f"<description>{site}</description>{items}</channel></rss>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


# --- The program


class Daemon:
    """`tributary serve` in a directory of its own, always on the same port."""

    def __init__(self, program, directory, publications):
        self.program, self.directory, self.publications = program, directory, publications
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def configure(self, topic):
        sources = "".join(
            f'[[source]]\nid = "{id}"\ntitle = "{title}"\nurl = "{self.publications.url(id)}"\n'
            f'interval = "1s"\n\n'
            for id, title in TITLES.items()
        )
        (self.directory / "feeds.toml").write_text(
            f'[site]\ntitle = "Readers"\nbase_url = "http://127.0.0.1:{self.port}/"\n'
            f'contact = "mailto:test@example.org"\n\n'
            f'[polling]\ninterval = "1s"\nallow_hosts = ["127.0.0.1"]\n\n{sources}{topic}'
        )

    def start(self):
        log = open(self.directory / "log", "ab")
        self.process = subprocess.Popen(
            [self.program, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", "data"],
            cwd=self.directory,
            stdout=log,
            stderr=log,
        )

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(20) != 0:
            raise Failure(f"the daemon ended with {self.process.returncode}")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def url(self, topic, form):
        return f"http://127.0.0.1:{self.port}/topics/{topic}/feed.{form}"

    def get(self, topic, form):
        with urllib.request.urlopen(self.url(topic, form), timeout=10) as response:
            return response.read().decode()


class Failure(Exception):
    pass


def wait_for(what, question):
    end = time.monotonic() + WAIT_S
    while True:
        try:
            if question():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise Failure(f"not within {WAIT_S} s: {what}")
        time.sleep(0.2)


# --- The readers


class Newsboat:
    name = "newsboat"

    @staticmethod
    def is_missing():
        return shutil.which("newsboat") is None

    def __init__(self, directory, urls):
        # An id is there once in a cache, so each format has its own.
        self.directories = {form: directory / form for form in urls}
        for form, url in urls.items():
            self.directories[form].mkdir()
            (self.directories[form] / "urls").write_text(url + "\n")
            (self.directories[form] / "config").write_text("")

    def update(self):
        for directory in self.directories.values():
            subprocess.run(
                ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"],
                cwd=directory,
                env={**os.environ, "HOME": str(directory), "TERM": "dumb"},
                check=True,
                timeout=60,
                stdout=subprocess.DEVNULL,
            )

    def entries(self, form):
        with sqlite3.connect(self.directories[form] / "cache.db") as db:
            rows = db.execute("SELECT guid, title, author, pubDate FROM rss_item WHERE deleted = 0")
            return [entry(*row) for row in rows]


class Sfeed:
    name = "sfeed"

    @staticmethod
    def is_missing():
        return shutil.which("sfeed_update") is None or shutil.which("curl") is None

    def __init__(self, directory, urls):
        self.directory = directory
        feeds = "".join(f"feed '{form}' '{url}'\n" for form, url in urls.items())
        # By default, sfeed follows no redirects.
        fetch = 'curl -L --max-redirs 3 -H "User-Agent:" -f -s -m 15 "$2"'
        (directory / "sfeedrc").write_text(
            f"sfeedpath='{directory}/feeds'\nfetch() {{\n{fetch}\n}}\nfeeds() {{\n{feeds}}}\n"
        )

    def update(self):
        subprocess.run(
            ["sfeed_update", str(self.directory / "sfeedrc")],
            cwd=self.directory,
            check=True,
            timeout=60,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def entries(self, form):
        # An item with another title is another item to sfeed; the first line is the newer one.
        newest = {}
        for line in (self.directory / "feeds" / form).read_text().splitlines():
            date, title, _, _, _, id, author = line.split("\t")[:7]
            if id not in newest or title in CURRENT_TITLES:
                newest[id] = entry(id, title, author, int(date))
        return list(newest.values())


class Feedparser:
    name = "feedparser"

    @staticmethod
    def is_missing():
        return importlib.util.find_spec("feedparser") is None

    def __init__(self, directory, urls):
        del directory
        self.urls = urls
        self.known = {form: {} for form in urls}
        self.validators = {form: (None, None) for form in urls}

    def update(self):
        import feedparser

        for form, url in self.urls.items():
            etag, modified = self.validators[form]
            feed = feedparser.parse(url, etag=etag, modified=modified)
            if feed.bozo:
                raise Failure(f"feedparser does not accept {form}: {feed.bozo_exception}")
            if feed.status == 304:
                continue
            self.validators[form] = (feed.get("etag"), feed.get("modified"))
            if len({item.id for item in feed.entries}) < len(feed.entries):
                raise Failure(f"an id is in {form} twice")
            for item in feed.entries:
                date = datetime(*item.published_parsed[:6], tzinfo=timezone.utc)
                self.known[form][item.id] = entry(
                    item.id, item.title, item.author, date.timestamp()
                )

    def entries(self, form):
        return list(self.known[form].values())


class Lemon24Reader:
    name = "reader"

    @staticmethod
    def is_missing():
        return importlib.util.find_spec("reader") is None

    def __init__(self, directory, urls):
        import reader

        self.urls = urls
        self.reader = reader.make_reader(str(directory / "reader.sqlite"))
        for url in urls.values():
            self.reader.add_feed(url)

    def update(self):
        for url in self.urls.values():
            self.reader.update_feed(url)

    def entries(self, form):
        return [
            entry(e.id, e.title, e.authors_str, e.published.timestamp())
            for e in self.reader.get_entries(feed=self.urls[form])
        ]


def entry(id, title, author, date):
    return {"id": id, "title": title, "author": author or "", "date": int(date)}


READERS = (Newsboat, Sfeed, Feedparser, Lemon24Reader)


# --- The story

TITLES = {"minutes": "2 Minute Serverless", "brokers": "Broker & Log"}
CURRENT_TITLES = set()


def topic(id, more=""):
    return f'[[topic]]\nid = "{id}"\ntitle = "{id.title()}"\nany = ["kafka"]\n{more}'


def check(reader, form, expected, edited):
    """Holds what a reader shows against the posts that it should show: post -> publication."""
    shown = reader.entries(form)
    errors = []
    ids = [e["id"] for e in shown]
    errors += [f"twice: {id}" for id in set(ids) if ids.count(id) > 1]
    by_title = {e["title"]: e for e in shown}
    if len(by_title) < len(shown):
        errors.append(f"a title is there twice: {sorted(e['title'] for e in shown)}")
    for post, publication in expected.items():
        e = by_title.pop(post.title, None)
        if e is None:
            errors.append(f"missing: {post.title}")
            continue
        author = f"{post.author}, {publication}" if post.author else publication
        if e["author"] != author:
            errors.append(f"{post.title}: author {e['author']!r}, not {author!r}")
        # newsboat shows the time of the last change of an Atom entry.
        if e["date"] != int(post.date.timestamp()) and post is not edited:
            errors.append(f"{post.title}: dated {datetime.fromtimestamp(e['date'], timezone.utc)}")
    errors += [f"unexpected: {title}" for title in by_title]
    return [f"{reader.name}, {form}: {error}" for error in errors]


def run(program, classes):
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        publications = Publications()
        minutes = [
            Post("minutes", 1, "Kafka without servers", "Jane Doe"),
            Post("minutes", 2, "Kafka & <b>costs</b>"),
        ]
        brokers = [
            Post("brokers", 3, "What a Kafka log is", "Ann Roe"),
            Post("brokers", 4, "Kafka, “quoted” — ünïcode"),
        ]
        publications.posts = {"minutes": minutes, "brokers": brokers}
        directory = root / "tributary"
        directory.mkdir()
        daemon = Daemon(program, directory, publications)
        daemon.configure(topic("kafka"))
        daemon.start()
        try:
            return play(root, daemon, minutes, brokers, classes)
        except Failure:
            sys.stderr.write((directory / "log").read_text()[-4000:])
            raise
        finally:
            daemon.process.kill()


def play(root, daemon, minutes, brokers, classes):
    # Titles are plain text in a feed; markup in them is shown as it is or removed.
    expected = {post: TITLES["minutes"] for post in minutes}
    expected |= {post: TITLES["brokers"] for post in brokers}
    wait_for("the first stories", lambda: daemon.get("kafka", "atom").count("<entry>") == 4)
    minutes[1].title = "Kafka & costs"
    readers = []
    for reader in classes:
        directory = root / reader.name
        directory.mkdir()
        readers.append(reader(directory, {form: daemon.url("kafka", form) for form in FORMATS}))
    errors, edited = [], None

    def step(what):
        CURRENT_TITLES.update(post.title for post in expected)
        for reader in readers:
            reader.update()
            found = [e for form in FORMATS for e in check(reader, form, expected, edited)]
            errors.extend(f"{what}: {error}" for error in found)
            print(f"{'FAILED' if found else 'ok    '}  {what}: {reader.name}", flush=True)

    step("subscribed")

    late = Post("minutes", 6, "Kafka arrives later", "Jane Doe")
    minutes.append(late)
    expected[late] = TITLES["minutes"]
    wait_for("a new story", lambda: late.title in daemon.get("kafka", "atom"))
    step("arrived")

    edited = brokers[0]
    CURRENT_TITLES.discard(edited.title)
    edited.title, edited.text = "What a Kafka log is not", "Another text: " + edited.text
    wait_for("the edit", lambda: edited.title in daemon.get("kafka", "atom"))
    step("edited")

    copy = Post("brokers", 7, late.title, "Somebody Else", link=late.link, text=late.text)
    marker = Post("brokers", 8, "Kafka after the copy")
    brokers.extend([copy, marker])
    expected[marker] = TITLES["brokers"]
    wait_for("the story after the copy", lambda: marker.title in daemon.get("kafka", "atom"))
    step("merged")

    daemon.configure(topic("streams", 'was = ["kafka"]\n'))
    daemon.reload()
    wait_for("the new name", lambda: marker.title in daemon.get("streams", "atom"))
    step("renamed")

    daemon.stop()
    daemon.start()
    wait_for("the restart", lambda: marker.title in daemon.get("streams", "atom"))
    step("restarted")
    return errors


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: run.py PROGRAM [READER...]")
    program, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    classes = [reader for reader in READERS if not wanted or reader.name in wanted]
    missing = [reader for reader in classes if reader.is_missing()]
    for reader in missing:
        print(f"MISSING {reader.name}: not installed, so it is not tested", file=sys.stderr)
    try:
        errors = run(program, [reader for reader in classes if reader not in missing])
    except Failure as failure:
        errors = [str(failure)]
    for error in errors:
        print(f"FAILED  {error}", file=sys.stderr)
    if errors or missing and os.environ.get("CI") == "true":
        sys.exit(1)


if __name__ == "__main__":
    main()
