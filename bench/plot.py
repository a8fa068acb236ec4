"""Line plots as SVG, drawn by gnuplot."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/benchmarks"


def plot(name, title, x, y, series, log="", settings=()):
    """`series`: {label: [(x, y), ...]}. Gives the line of Markdown that shows it."""
    FOLDER.mkdir(exist_ok=True)
    script = [f'set terminal svg size 860,480 dynamic background "#ffffff" font "sans,12" name "{name.replace("-", "_")}"',
              f'set output "{FOLDER / name}.svg"', f'set title "{title}"', f'set xlabel "{x}"', f'set ylabel "{y}"',
              "set grid", "set key outside right", *([f"set logscale {log}"] if log else []), *settings]
    for index, points in enumerate(series.values()):
        script += [f"$series{index} << END", *(f"{a} {b}" for a, b in points), "END"]
    lines = []
    for index, label in enumerate(series):
        own = 'linewidth 3 linecolor rgb "#c00000"' if label == "jetway" else "linewidth 1.5"
        lines.append(f'$series{index} with linespoints {own} pointtype {index + 4} title "{label}"')
    script.append("plot " + ", ".join(lines))
    subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)
    return f"![{title}](benchmarks/{name}.svg)\n"
