#!/usr/bin/env python3
"""Checks the documents: documents.py FOLDER, the top of the repository. Every relative link and anchor leads to something, every
path of the repository that a document names exists, and a block after the comment "all of PATH" is that file. Links in apps/docs
stay there, since that folder is installed alone. README.md is short, and links to every document of apps/docs and
tests/measurements. changes.md has the version that is built. Prints what is wrong."""

import glob
import os
import re
import sys

MOST_README_LINES, MOST_README_COLUMNS = 200, 110
FENCE = re.compile(r"^\s*(```|~~~)")
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s*(\S+)|(?:href|src)=\"([^\"]+)\"")
PATH = re.compile(r"(?<![\w/.~-])(?:agents|apps|core|envs|tests|\.ci|\.github)/[\w./*-]*<?")
QUOTE = re.compile(r"^<!-- all of (\S+) -->$")


def prose(text):
    """The lines outside of fenced blocks, with their numbers."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(text):
    """The anchors of a document's headings, as GitHub makes them."""
    seen = {}
    for _, line in prose(text):
        heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        if heading:
            title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1))
            anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            seen[anchor] = seen.get(anchor, -1) + 1
            yield anchor if seen[anchor] == 0 else "%s-%d" % (anchor, seen[anchor])


def wrong_links(path, text):
    for number, line in prose(text):
        for groups in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            target = "".join(groups)
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            found = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if not os.path.exists(found):
                yield number, "the link '%s' leads to nothing" % target
            elif anchor and anchor not in list(anchors(open(found, encoding="utf-8").read())):
                yield number, "the link '%s' leads to no heading of %s" % (target, found)
            elif path.startswith("apps/docs/") and not found.startswith("apps/docs"):
                yield number, "the link '%s' leaves apps/docs, which is installed alone: name the path" % target


def wrong_paths(text):
    for number, line in enumerate(text.splitlines(), 1):
        for path in PATH.findall(line):
            if not path.endswith("<") and not glob.glob(path.rstrip(".")):  # "<": the rest is up to the reader
                yield number, "there is no '%s'" % path.rstrip(".")


def wrong_quotes(text):
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        quote = QUOTE.match(line)
        if not quote:
            continue
        block = lines[number + 1 :]
        closing = next((i for i, inner in enumerate(block) if FENCE.match(inner)), 0)
        if not FENCE.match(lines[number]) or "\n".join(block[:closing]) + "\n" != open(quote.group(1), encoding="utf-8").read():
            yield number, "what follows is not all of %s" % quote.group(1)


def wrong_length(path, text):
    if path != "README.md":
        return
    lines = text.splitlines()
    if len(lines) > MOST_README_LINES:
        yield len(lines), "expected at most %d lines" % MOST_README_LINES
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_README_COLUMNS and not line.startswith(("|", "![", "    ")):
            yield number, "expected at most %d columns" % MOST_README_COLUMNS


def wrong_lists():
    readme = open("README.md", encoding="utf-8").read()
    for path in glob.glob("apps/docs/*.md") + glob.glob("tests/measurements/*.md"):
        if "(%s" % path not in readme:
            yield "README.md: it links nowhere to %s" % path
    version = re.search(r"^project\(sounder VERSION (\S+)", open("CMakeLists.txt", encoding="utf-8").read(), re.M).group(1)
    if "\n## %s\n" % version not in open("apps/docs/changes.md", encoding="utf-8").read():
        yield "apps/docs/changes.md: it has no heading '## %s'" % version


def main():
    os.chdir(sys.argv[1])
    patterns = ["README.md", "apps/**/*.md", "tests/**/*.md", ".github/**/*.md", ".github/**/*.yml"]
    paths = sorted(path for pattern in patterns for path in glob.glob(pattern, recursive=True))
    wrong = 0
    for path in paths:
        text = open(path, encoding="utf-8").read()
        found = [*wrong_links(path, text), *wrong_paths(text), *wrong_quotes(text), *wrong_length(path, text)]
        for number, what in sorted(found):
            print("%s:%d: %s" % (path, number, what))
        wrong += len(found)
    for what in wrong_lists():
        print(what)
        wrong += 1
    if not paths or wrong:
        sys.exit("%d documents, %d mistakes" % (len(paths), wrong))


main()
