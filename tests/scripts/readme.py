#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks every Markdown file: that its code is code that the tests compile, and that what it names is there.

A block of C++ follows a line `<!-- FILE NAME -->`: it must be the region between `//[NAME` and `//]` of that file,
without its indentation. Links to files, and to headings in them (as GitHub names them), must lead somewhere. Scripts,
their options, targets and the library's names must be there; a page that writes about other systems lists their names:
`<!-- not ours: NAME NAME -->`. The error table of the guide must be that of the code: `readme.py --errors` prints it.
"""
import pathlib
import re
import sys
import textwrap

root = pathlib.Path(__file__).resolve().parents[2]
longest_readme = 130  # lines: about one screen and a half
problems = []


def wrong(document, what):
    problems.append(f"{document.relative_to(root)}: {what}")


def documents():
    """Every Markdown file of the project, README.md first."""
    found = [root / "README.md"] + sorted(set(root.glob("*.md")) - {root / "README.md"})
    for folder in ("examples", "include", "single_include", "tests"):
        found += sorted(f for f in (root / folder).rglob("*.md") if "node_modules" not in f.parts)
    return found


def without_code(text):
    """The text without fenced and indented blocks; lines keep their numbers."""
    text = re.sub(r"^```.*?^```$", lambda m: "\n" * m[0].count("\n"), text, flags=re.S | re.M)
    lines, block = [], False
    for line in text.splitlines():
        indented = line.startswith("    ") and not re.match(r"\s*([-*]|\d+\.) ", line)
        block = indented and (block or not lines or not lines[-1].strip())
        lines.append("" if block else line)
    return "\n".join(lines)


def without_spans(text):
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", text)


def commands(text):
    """The lines that a reader types: of indented blocks, and of fenced ones for a shell."""
    fenced = re.findall(r"^```(?:sh|shell|console)\n(.*?)^```$", text, re.S | re.M)
    rest = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    prose = set(without_code(rest).splitlines())
    indented = [line for line in rest.splitlines() if line.startswith("    ") and line not in prose]
    return [line.strip() for line in "\n".join(fenced).splitlines() + indented]


def slug(heading):
    """What GitHub calls a heading's anchor."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def headings(text):
    """Level, text and anchor of each heading."""
    seen = {}
    for match in re.finditer(r"^(#{1,6}) (.+?)\s*#*$", without_code(text), re.M):
        anchor = slug(match[2])
        n = seen[anchor] = seen.get(anchor, -1) + 1
        yield len(match[1]), match[2], anchor + (f"-{n}" if n else "")


link = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(<?([^)\s>]+)>?\)")


def region_of(file, name):
    """The region `name` of a source file, without its indentation; None: it has none."""
    if not (root / file).is_file():
        return None
    region = re.search(r"^ *//\[" + re.escape(name) + r"\n(.*?)^ *//\]", (root / file).read_text(), re.S | re.M)
    return textwrap.dedent(region[1]).rstrip() if region else None


def check_code(document, text):
    named = re.findall(r"<!-- (\S+) (\S+) -->\n```cpp\n(.*?)^```$", text, re.S | re.M)
    for file, name, block in named:
        if region_of(file, name) != block.rstrip():
            wrong(document, f"DIFFERENT: the block of {file} {name}")
    unnamed = len(re.findall(r"^ *(?:```|~~~) *(?:cpp|c\+\+|cc|cxx|c)\b", text, re.M | re.I)) - len(named)
    if unnamed:
        wrong(document, f"{unnamed} C++ blocks do not say which file they are from")
    return len(named)


def check_links(document, text):
    links = 0
    for _, _, target in link.findall(without_spans(without_code(text))):
        if re.match(r"[a-z]+:", target):
            continue
        links += 1
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or root not in [file, *file.parents]:
            wrong(document, f"NOT THERE: {target}")
        elif anchor and (file.suffix != ".md" or anchor not in [a for _, _, a in headings(file.read_text())]):
            wrong(document, f"NO SUCH HEADING: {target}")
    return links


def corpus():
    """All that the project's code says: where a name must occur to be one of ours."""
    text = []
    for folder in ("include", "examples", "tests"):
        for file in (root / folder).rglob("*"):
            if file.suffix in (".hpp", ".ipp", ".cpp", ".js", ".html", ".json", ".mjs", ".ts", ".sh", ".py", ".txt") \
                    and "node_modules" not in file.parts and file.is_file():
                text.append(file.read_text(errors="replace"))
    for name in ("CMakeLists.txt", "CMakePresets.json", "meson.build", "Doxyfile"):
        text.append((root / name).read_text())
    return "\n".join(text)


def check_names(document, text, words, everything):
    """Files, from the top or from where headers are; programs and their options; targets; names in code."""
    spoken = without_code(text)
    typed = commands(text)
    for place in re.findall(r"<!-- (\S+) \S+ -->", text):
        spoken = spoken.replace(place, "")
    plain = re.sub(r"`g\+\+[^`]*`", "", spoken) + "\n" + "\n".join(typed)
    places = [document.parent, root, root / "include", root / "include/phoneauth", root / "single_include/phoneauth"]
    foreign = set(" ".join(re.findall(r"<!-- not ours: (.*?) -->", text)).split())
    missing = set()
    for path in re.findall(r"(?<![\w/.<…:-])((?:\.?\.?\w*/)*\w+\.(?:hpp|ipp|cpp|sh|py|md|mjs))\b(?!/)", plain):
        if path not in foreign and "NAME" not in path and not any((place / path).exists() for place in places):
            missing.add(path)
    for folder in re.findall(r"`((?:tests|examples|include|single_include)/[\w/]*)`", spoken):
        if "NAME" not in folder and not (root / folder).exists():
            missing.add(folder)
    for name in re.findall(r"`(?:bench|long)_\w+`", spoken):
        if not (root / "tests" / (name[1:-1].replace("_", "/", 1) + ".cpp")).exists():
            missing.add(name)

    scripts = {name: (root / name).read_text() for name in re.findall(r"(?:tests|examples)/(?:\w+/)?\w+\.(?:sh|py)", plain)
               if (root / name).exists()}
    server = (root / "examples/server/options.cpp").read_text()
    scripts["examples/run.sh"] = (root / "examples/run.sh").read_text() + server + "--server --in"
    scripts["phoneauth_server"] = server
    scripts["cmake"] = (root / "CMakeLists.txt").read_text() + "--build --install --prefix --preset --parallel --target"
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", spoken)
    for said in spans + typed:
        for name, known in scripts.items():
            at = re.search(r"(?<![\w/])(?:\./)?" + re.escape(name) + r"(?![\w.])([^#;|&]*)", said)
            if at:
                missing |= {f"{name} {o}" for o in re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", at[1]) if o not in known}
        for preset in re.findall(r"--preset (\w+)", said):
            if f'"{preset}"' not in (root / "CMakePresets.json").read_text():
                missing.add(f"--preset {preset}")
        if re.fullmatch(r"--[a-z][a-z0-9-]*", said) and said not in everything:
            missing.add(said)
    targets = "".join(p.read_text() for p in [root / "CMakeLists.txt", *root.glob("*/CMakeLists.txt")])
    pattern = r"phoneauth::(?:asio|compiled\w*|phoneauth|sqlite|postgres|redis|crypt|argon2)\b(?!::)|PHONEAUTH_[A-Z_]+\b"
    for name in re.findall(pattern, plain):
        known = targets + server
        if name not in known and name.replace("::", "_add_part(") not in known and name not in words:
            missing.add(name)
    for said in spans:
        said = re.sub(r"\"[^\"]*\"", "", said)
        for name in re.findall(r"(?<![\w./$-])[A-Za-z]\w*_\w*(?![\w/…-])", said):
            if name not in words and name not in foreign and not name.endswith("_"):
                missing.add(f"`{name}`")
    for name in sorted(missing):
        wrong(document, f"NOT THERE: {name}")


def check_figures(readme_and_guide):
    """Numbers that a text says of the examples."""
    text = "\n".join(f.read_text() for f in readme_and_guide)
    said = re.search(r"a complete storage in (\d+) lines, a transport in (\d+), a clock in (\d+)", text)
    example = (root / "examples/unit_test/main.cpp").read_text()
    regions = re.findall(r"^//\[\w+\n(.*?)^//\]", example, re.S | re.M)
    counted = tuple(str(len(region.splitlines())) for region in regions)
    if said is None or said.groups() != counted:
        wrong(root / "examples/unit_test/main.cpp", f"DIFFERENT: its policies have {', '.join(counted)} lines")
    most = re.search(r"Each is (\d+) lines or less", text)
    for example in sorted(root.glob("examples/with_*/main.cpp")):
        lines = len(example.read_text().splitlines())
        if most is None or lines > int(most[1]):
            wrong(example, f"DIFFERENT: it has {lines} lines")
        if f"| `examples/{example.parent.name}` |" not in text:
            wrong(example, "it is not in the table of frameworks")
    for example in sorted(f.parent.name for f in root.glob("examples/*/main.cpp")):
        if f"`{example}`" not in text and f"`examples/{example}`" not in text:
            wrong(root / "examples" / example, "neither the README nor the guide names it")
    lines = len((root / "README.md").read_text().splitlines())
    if lines > longest_readme:
        wrong(root / "README.md", f"{lines} lines: more than {longest_readme}; what is long belongs into the guide")


def errors_of_the_code():
    """Name → number, HTTP status, condition, sentence; from the headers."""
    include = root / "include/phoneauth"
    texts = dict(re.findall(r'error_row\{error::(\w+), "\w+", "(.*?)"\}', (include / "error.hpp").read_text()))
    numbers = re.findall(r"error_code_row\{error::(\w+), (\d+), (\d+)\}", (include / "rest/error_codes.hpp").read_text())
    condition, waiting = {}, []
    for case, then in re.findall(r"case error::(\w+):|return condition::(\w+);", (include / "error_condition.hpp").read_text()):
        if case:
            waiting.append(case)
        else:
            condition |= dict.fromkeys(waiting, then)
            waiting = []
    enumerators = re.search(r"enum class error \{(.*?)\};", (include / "error.hpp").read_text(), re.S)[1]
    names = re.findall(r"^\s+(\w+)(?: = 1)?,?$", enumerators, re.M)
    rows = {name: (number, status, condition.get(name), texts.get(name)) for name, number, status in numbers}
    if list(rows) != names or any(None in row for row in rows.values()):
        sys.exit("readme.py does not understand the error tables of include/ any more")
    return rows


def check_errors(document, write=False):
    """The guide's error table: a section for each condition, a row for each error; the last column is the guide's own."""
    rows = errors_of_the_code()
    text = document.read_text()
    remedies = dict(re.findall(r"^\| `(\w+)` \| .* \| (.*?) \|$", text, re.M))
    for condition in dict.fromkeys(row[2] for row in rows.values()):
        section = re.search(rf"^## .*`{condition}`\n(.*?)(?=^## |\Z)", text, re.S | re.M)
        right = ["| error | code | HTTP | when | what to do |", "|---|---|---|---|---|"]
        right += [f"| `{name}` | {number} | {status} | {sentence} | {remedies.get(name, '')} |"
                  for name, (number, status, of, sentence) in rows.items() if of == condition]
        table = re.search(r"(?:^\|.*\n)+", section[1], re.M)[0] if section else ""
        if write:
            print(f"\n## `{condition}`\n\n" + "\n".join(right))
        elif table.splitlines() != right:
            wrong(document, f"DIFFERENT: the table of `{condition}` (readme.py --errors prints what the code says)")
    for name in rows if not write else ():
        if not remedies.get(name, "").strip():
            wrong(document, f"it does not say what to do about `{name}`")


def main():
    if sys.argv[1:] == ["--errors"]:
        return check_errors(root / "examples/guide/errors.md", write=True)
    everything = corpus()
    words = set(re.findall(r"\w+", everything)) | {f.stem for f in root.glob("*include/**/*.hpp")}
    blocks = links = 0
    for document in documents():
        text = document.read_text()
        blocks += check_code(document, text)
        links += check_links(document, text)
        if document.name != "CHANGELOG.md":  # it names what was once
            check_names(document, text, words, everything)
    guide = sorted((root / "examples/guide").glob("*.md"))
    check_figures([root / "README.md", *guide])
    check_errors(root / "examples/guide/errors.md")
    for problem in problems:
        print(problem)
    print(f"{len(documents())} documents, {blocks} blocks of C++, {links} links within the project: {len(problems)} problems")
    return 1 if problems or not blocks or not links else 0


if __name__ == "__main__":
    sys.exit(main())
