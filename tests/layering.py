#!/usr/bin/env python3
"""Holds every #include of src/ and include/ against the table of parts: who may include whom, and which folder alone
may see which library. Prints each offence as file:line and exits 1."""

import pathlib
import re
import sys

TABLE = {
    "base": [],
    "kernel": ["base"],
    "wire": ["base"],
    "stream": ["base", "kernel", "wire"],
    "routing": ["base", "wire"],
    "screen": ["base", "wire"],
    "io": ["base"],
    "transport": ["base", "wire", "io", "kernel"],
    "attach": ["base", "kernel", "wire", "io", "stream", "transport"],
    "router": ["base", "kernel", "wire", "stream", "routing"],
    "deployment": ["base"],
    "simulate": ["base", "wire", "routing", "deployment"],
    "services": ["base", "kernel", "wire", "stream", "io", "screen"],
    "cli": "everything",
}

# A library that only some folders may include. The main of an executable of its own is part of its service.
LIBRARIES = {
    r"yaml-cpp/": ["deployment"],
    r"CLI/": ["cli"],
    r"boost/(asio|beast)": [],
    r"boost/json": ["router", "cli", "services/recorder", "services/display"],
    r"google/protobuf/": ["wire"],
    r"lib(avcodec|avformat|avutil|swscale)/": ["services/mp4"],
    r"CL/": ["services/gpu"],
    r"(ft2build\.h|freetype/)": ["services/gpu"],
    r"vterm\.h": ["services/parser"],
    r"spdlog/": ["base"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path):
    parts = path.parts
    return f"services/{parts[1]}" if parts[0] == "services" and len(parts) > 2 else parts[0]


def offences(root):
    source = root / "src"
    for path in sorted([*source.rglob("*.hpp"), *source.rglob("*.cpp"), *(root / "include").rglob("*.hpp")]):
        public = root / "include" in path.parents
        folder = "include" if public else folder_of(path.relative_to(source))
        part = folder.split("/")[0]
        if not public and part not in TABLE:
            yield path, 1, f"folder {part} is not in the table"
            continue
        allowed = "everything" if public else TABLE[part]
        is_main = path.name == "main.cpp" and part == "services"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, name = match.groups()
            target = name.split("/")[0]
            if quote == '"' and target in TABLE:
                if target == "services" and part == "services":
                    if folder_of(pathlib.Path(name)) != folder:
                        yield path, number, f"{folder} includes another service: {name}"
                elif is_main and target == "attach":
                    pass
                elif target != part and allowed != "everything" and target not in allowed:
                    yield path, number, f"{part} may not include {target}: {name}"
            for pattern, owners in LIBRARIES.items():
                if re.match(pattern, name) and folder not in owners:
                    yield path, number, f"only {', '.join(owners)} may include <{name}>"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    found = list(offences(root))
    for path, number, text in found:
        print(f"{path.relative_to(root)}:{number}: {text}")
    print(f"layering: {len(found)} offences")
    return 1 if found else 0


sys.exit(main())
