#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""For site.sh: `site.py FOLDER` makes the site there.

Doxygen gets the Markdown with headings and links as it wants them, and the headers. Afterwards names in the text become
links into the reference, and what Doxygen's pages lack for a phone and a screen reader is put in.
"""
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import readme
from readme import root

parts = pathlib.Path(__file__).resolve().parent / "site"
theme = pathlib.Path("/usr/share/doxygen-awesome-css/doxygen-awesome.css")
project = ["SECURITY.md", "TWILIO.md", "CLIENTS.md", "CHANGELOG.md"]


def label_of(document):
    """The name of a document's page, and of its HTML file."""
    if document == root / "README.md":
        return "index"
    if document == root / "examples/guide/README.md":
        return "guide"
    return ("guide-" if document.parent.name == "guide" else "doc-") + document.stem.lower().replace("_", "-")


def guide():
    """The pages of the guide, in the order in which its own page lists them, with their titles."""
    start = root / "examples/guide/README.md"
    listed = re.findall(r"^- \[(.+?)\]\((\w+\.md)\)", start.read_text(), re.M)
    pages = [(start.parent / file, title) for title, file in listed]
    forgotten = set(start.parent.glob("*.md")) - {file for file, _ in pages} - {start}
    if forgotten:
        sys.exit(f"the guide does not list {', '.join(f.name for f in sorted(forgotten))}")
    return [(start, "Contents"), *pages]


def title_of(document):
    return next(readme.headings(document.read_text()))[1]


def pages():
    own = [file for file, _ in guide()] + [root / name for name in project]
    return [root / "README.md", *own]


def target_in_site(document, target):
    """Where a link of a document leads in the site; None: to a file that is not in it."""
    if re.match(r"[a-z]+:", target):
        return target
    path, _, anchor = target.partition("#")
    file = (document.parent / path).resolve() if path else document
    if file not in pages():
        return None
    return f"{label_of(file)}.html" + (f"#{label_of(file)}-{anchor}" if anchor else "")


def for_doxygen(document):
    """A document as Doxygen understands it."""
    text = document.read_text()
    anchors = iter(list(readme.headings(text)))
    out, fenced = [], False
    prose = readme.without_code(text).split("\n") + [""] * 99
    for number, line in enumerate(text.splitlines()):
        if line.startswith("```"):
            fenced = not fenced
            out.append(re.sub(r"^```cpp$", "```{.cpp}", line) if fenced else line)
            continue
        if fenced or line != prose[number]:
            out.append(line)
            continue
        if re.match(r"#{1,6} ", line):
            level, heading, anchor = next(anchors)
            label = label_of(document)
            heading = heading.replace("`", "") if level == 1 else heading
            if level == 1:
                out.append(f"# {heading} {{#{'mainpage' if label == 'index' else label}}}")
            else:
                out.append(f"{'#' * (level - 1)} {spoken(heading, document)} {{#{label}-{anchor}}}")
            continue
        out.append(line)
    merged = "\n".join(out)
    merged = re.sub(r"<!--.*?-->\n?", "", merged, flags=re.S)
    # Paragraph by paragraph: a span of code, or a link, may go over the end of a line.
    blocks, fenced, indented_before = [], False, False
    for block in re.split(r"(\n\n+|^```.*?^```$)", merged, flags=re.S | re.M):
        is_code = block.startswith("```") or re.match(r"    \S", block.lstrip("\n"))
        is_heading = re.match(r"\n*#{1,6} .*\{#", block)
        blocks.append(block if is_code or is_heading and "\n" not in block.strip() else spoken(block, document))
    return "".join(blocks) + "\n"


codes = []  # what stands in spans of code: Doxygen sees a word in its place, as it understands some of them otherwise


def word_for(code):
    codes.append(" ".join(code.split()))
    return f"qzcode{len(codes) - 1}qz"


def spoken(text, document):
    """Prose: words for spans of code, links as HTML, and nothing that Doxygen takes for a command."""
    kept = []

    def keep(markup):
        kept.append(markup)
        return f"\x00{len(kept) - 1}\x00"

    text = re.sub(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", lambda m: keep(word_for(m[2].strip())), text, flags=re.S)

    def linked(m):
        target = target_in_site(document, m[3])
        return m[2] if target is None else keep(f'<a href="{html.escape(target)}">') + m[2] + keep("</a>")

    text = re.sub(readme.link.pattern, linked, text, flags=re.S)
    text = re.sub(r"(?<![\w\\])@(?=\w)|\\(?=[a-zA-Z])|<(?=[A-Za-z/])", lambda m: keep("\\" + m[0]), text)
    while "\x00" in text:
        text = re.sub(r"\x00(\d+)\x00", lambda m: kept[int(m[1])], text)
    return text


def navigation():
    def items(links):
        return "<ul>\n" + "\n".join(f'<li><a href="{page}">{html.escape(title)}</a></li>' for page, title in links) + "\n</ul>"

    return "\n".join([
        "<h2>Guide</h2>", items([("index.html", "Front page")] + [(label_of(f) + ".html", t) for f, t in guide()]),
        "<h2>Project</h2>", items([(label_of(root / n) + ".html", title_of(root / n)) for n in project]),
        "<h2>Reference</h2>", items([("names.html", "All names"), ("annotated.html", "Classes"),
                                     ("namespaces.html", "Namespaces")])])


def run_doxygen(work):
    (work / "pages").mkdir()
    for document in pages():
        (work / "pages" / f"{label_of(document)}.md").write_text(for_doxygen(document))
    (work / "header.html").write_text((parts / "header.html").read_text().replace("@NAVIGATION@", navigation()))
    version = re.search(r'PHONEAUTH_VERSION_STRING "(.+?)"', (root / "include/phoneauth/version.hpp").read_text())
    settings = {
        "OUTPUT_DIRECTORY": work, "HTML_OUTPUT": "html", "PROJECT_NUMBER": version[1] if version else "",
        "INPUT": f"{root}/include/phoneauth {work}/pages", "FILE_PATTERNS": "*.hpp *.md",
        "STRIP_FROM_PATH": f"{root}/include {work}/pages", "STRIP_FROM_INC_PATH": f"{root}/include",
        "HAVE_DOT": "NO", "CLASS_GRAPH": "NO", "DISABLE_INDEX": "YES", "GENERATE_TREEVIEW": "NO", "SEARCHENGINE": "NO",
        "SOURCE_BROWSER": "NO", "VERBATIM_HEADERS": "NO", "HTML_HEADER": work / "header.html",
        "HTML_FOOTER": parts / "footer.html", "HTML_EXTRA_STYLESHEET": f"{theme} {parts}/site.css",
        "HTML_EXTRA_FILES": parts / "site.js", "HTML_TIMESTAMP": "NO", "GENERATE_HTML": "YES",
        "GENERATE_TAGFILE": work / "names.tag", "TOC_INCLUDE_HEADINGS": "0", "ALPHABETICAL_INDEX": "NO",
        "SHOW_USED_FILES": "NO", "HTML_INDEX_NUM_ENTRIES": "0", "HTML_COLORSTYLE_SAT": "40",
    }
    configuration = (root / "Doxyfile").read_text() + "\n".join(f"{k} = {v}" for k, v in settings.items()) + "\n"
    run = subprocess.run(["doxygen", "-"], input=configuration, cwd=root, text=True, capture_output=True, check=False)
    said = [line for line in (run.stdout + run.stderr).splitlines() if line.strip() and "has become obsolete" not in line
            and "To avoid this warning" not in line]
    if run.returncode or said:
        print("\n".join(said).replace(f"{work}/pages/", "").replace(f"{root}/", ""))
        sys.exit("Doxygen has warned: the site is not made")
    for index in ("hierarchy", "classes", "pages", "functions*", "namespacemembers*"):  # names.html takes their place
        for file in (work / "html").glob(f"{index}.html"):
            file.unlink()
    return work / "html"


def public_names(work):
    """Every public name of the tag file: qualified name, page and anchor, kind."""
    found = {}

    def shown(name):
        return name.replace("phoneauth::v0::", "phoneauth::").replace("phoneauth::v0", "phoneauth")

    for compound in xml.parse(work / "names.tag").getroot().iter("compound"):
        kind = compound.get("kind")
        name, page = compound.findtext("name"), compound.findtext("filename")
        if kind in ("class", "struct", "union", "concept", "namespace"):
            found.setdefault(shown(name), (page if page.endswith(".html") else page + ".html", kind))
        if kind in ("class", "struct", "union", "namespace"):
            for member in compound.findall("member"):
                inside = member.findtext("name")
                address = f"{member.findtext('anchorfile')}#{member.findtext('anchor')}"
                if not inside.startswith(("operator", "~")) and inside != name.split("::")[-1]:
                    found.setdefault(shown(f"{name}::{inside}"), (address, member.get("kind")))
                for value in member.findall("enumvalue"):
                    own = f"{value.get('file')}#{value.get('anchor')}" if value.get("anchor") else address
                    found.setdefault(shown(f"{name}::{inside}::{value.text}"), (own, "enumerator"))
    return {name: where for name, where in sorted(found.items()) if not name.endswith("::") and "<" not in name}


def checked(names, out):
    """The same with addresses that are there: an enumerator without a text of its own is at its enumeration. Doxygen
    does not notice a class without members that has no documentation."""
    anchors, good = {}, {}
    for name, (page, kind) in names.items():
        file, _, anchor = page.partition("#")
        if file not in anchors:
            text = (out / file).read_text()
            anchors[file] = set(re.findall(r'\bid="([^"]+)"', text))
            if kind in ("class", "struct") and 'class="textblock"' not in text:
                sys.exit(f"{name} is not documented: the site is not made")
        if anchor and anchor not in anchors[file]:
            page = good[name.rpartition("::")[0]][0] if kind == "enumerator" else file
        good[name] = (page, kind)
    return good


def links_by_last_name(names):
    """Short forms of a name that a text uses, with the page of what they mean: the only one, or the type of that name."""
    types = ("class", "struct", "concept", "enumeration", "typedef")
    short = {}
    for name, (page, kind) in names.items():
        steps = name.split("::")
        if kind != "namespace":
            for i in range(len(steps)):
                short.setdefault("::".join(steps[i:]), []).append((kind not in types, len(steps), page))
    best = {}
    for name, meanings in short.items():
        meanings.sort()
        is_type, depth, page = not meanings[0][0], meanings[0][1], meanings[0][2]
        alone = len(meanings) == 1 or is_type and meanings[1][:2] != meanings[0][:2]
        # A single word may be one of the language: only the types of the library itself are meant.
        if alone and ("_" in name or "::" in name or is_type and depth == 2):
            best[name] = page
    return best


def finish_page(file, short, our_pages):
    text = file.read_text()
    if file.stem.endswith("-members"):  # Doxygen lists some there to which it gives no anchor
        ids = set(re.findall(r'\bid="([^"]+)"', file.with_stem(file.stem.removesuffix("-members")).read_text()))
        text = re.sub(r'<a class="el" href="([\w.]+-?[\w.]*)#(\w+)">(.*?)</a>', lambda m: m[0] if m[2] in ids or m[1] != file.name.replace("-members", "") else m[3], text)
    text = re.sub(r"(<title>.*?)qzcode(\d+)qz(.*?</title>)", lambda m: m[1] + html.escape(codes[int(m[2])]) + m[3], text)
    text = re.sub(r"qzcode(\d+)qz", lambda m: f"<code>{html.escape(codes[int(m[1])], quote=False)}</code>", text)
    text = re.sub(r'<div class="title">(.*?)</div>', r'<h1 class="title">\1</h1>', text, count=1, flags=re.S)
    text = text.replace(f'<li><a href="{file.name}">', f'<li><a href="{file.name}" aria-current="page">')
    text = text.replace("phoneauth::v0::", "phoneauth::")
    if 'name="nested-classes"' not in text and 'id="nested-classes"' not in text:  # they are private
        text = re.sub(r'<a href="#nested-classes">.*?</a>(?: \|\s*)?', "", text)
    if file.stem not in our_pages:  # a type in a signature that nobody outside the library names
        text = re.sub(r"(?:typename )?(?:\w+::)*\bdetail::\w+", "<i>unspecified</i>", text)
    text = re.sub(r'(<h1 class="title">)(.*?)(</h1>)', lambda m: m[1] + m[2].replace("::", "::<wbr>") + m[3], text, flags=re.S)
    # Tables and code scroll in themselves, also by the keyboard.
    def table(m):
        columns = len(re.findall(r"<th\b", m[0].split("</tr>")[0]))
        return f'<div class="scroll{" wide" if columns > 6 else ""}" tabindex="0" role="region" aria-label="Table">{m[0]}</div>'
    text = re.sub(r'<table class="markdownTable">.*?</table>', table, text, flags=re.S)
    text = re.sub(r'<(div|pre) class="fragment">', r'<\1 class="fragment" tabindex="0" role="region" aria-label="Code">', text)
    if file.stem in our_pages:
        def word(m):
            name = html.unescape(m[1])
            key = re.sub(r"\(.*\)$", "", name)
            page = short.get(key)
            return f'<a href="{page}">{m[0]}</a>' if page and not page.startswith(file.name) else m[0]
        pieces = re.split(r"(<a [^>]*>.*?</a>|<pre.*?</pre>|<nav.*?</nav>|<h\d.*?</h\d>)", text, flags=re.S)
        text = "".join(piece if i % 2 else re.sub(r"<code>([\w:]+(?:\([^<]*\))?)</code>", word, piece)
                       for i, piece in enumerate(pieces))
    file.write_text(text)


def write_names(out, names):
    (out / "names.json").write_text(json.dumps([[n, *w] for n, w in names.items()], separators=(",", ":")))
    frame = (out / "annotated.html").read_text()
    begin, end = frame.index('<div class="header">'), frame.index("</main>")
    groups = {}
    for name, (page, kind) in names.items():
        if kind != "namespace":
            groups.setdefault(name.rpartition("::")[0], []).append((name, page, kind))
    content = ['<div class="header"><h1 class="title">All names</h1></div>', '<div class="contents">',
               f"<p>The {sum(map(len, groups.values()))} public names of the library, by the namespace, class or enumeration that each is in.</p>"]
    for owner in sorted(groups):
        content.append(f"<h2>{html.escape(owner)}</h2>\n<ul class=\"names\">")
        content += [f'<li><a href="{page}">{html.escape(name.split("::")[-1])}</a></li>' for name, page, _ in groups[owner]]
        content.append("</ul>")
    title = re.sub(r"<title>.*?</title>", "<title>phoneauth: All names</title>", frame[:begin])
    (out / "names.html").write_text(title + "\n".join(content) + "</div>\n" + frame[end:])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1]).resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        work = pathlib.Path(folder)
        made = run_doxygen(work)
        names = checked(public_names(work), made)
        if out.exists():
            shutil.rmtree(out)
        shutil.move(made, out)
    write_names(out, names)
    short = links_by_last_name(names)
    our_pages = {label_of(document) for document in pages()}
    for file in out.glob("*.html"):
        finish_page(file, short, our_pages)
    print(f"{len(our_pages)} pages of text, {len(names)} public names, {len(list(out.glob('*.html')))} files of HTML: {os.path.relpath(out)}")


if __name__ == "__main__":
    main()
