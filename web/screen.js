// Draws the screen that display-server sends. Reads only: nothing typed here goes anywhere.
//
// Events, as JSON:
//   hello   {viewer}          our number, for saying what was drawn
//   screen  {revision, whole, shown, running, us, behind_us, sent_ms, columns, rows, title, bells, cursor, lines}
//           lines: [[row, [run, ...]], ...], all rows when `whole`, else those that changed
//           run: [column, cells, foreground, background, attributes, text]; text is a string of one character a cell,
//           or [string], one character that takes all the run's cells
"use strict";

const BOLD = 1, ITALIC = 2, UNDERLINE = 4, DOUBLE_UNDERLINE = 8, INVERSE = 32, STRIKE = 64, FAINT = 128;
const FOREGROUND = "#d5d8de", BACKGROUND = "#16181d";
const PALETTE = makePalette();

const $ = (id) => document.getElementById(id);
const canvas = $("canvas");
const context = canvas.getContext("2d", { alpha: false });

let viewer = 0;
let screen = { shown: false, revision: 0, columns: 80, rows: 24, cursor: { row: 0, column: 0, visible: false } };
let lines = [];           // the runs of each row
let dirty = new Set();    // rows to be drawn
let cell = { width: 8, height: 16, size: 14, baseline: 12 };
let frame = 0;

function makePalette() {
    const colours = [
        "#1d1f21", "#cc4b4b", "#5faf5f", "#c9a03c", "#4f86d6", "#a96fc9", "#45a9b0", "#c5c8c6",
        "#666b73", "#f0716b", "#86d686", "#f0cb6b", "#82aaff", "#cf9af2", "#74d3da", "#ffffff",
    ];
    const hex = (value) => value.toString(16).padStart(2, "0");
    const levels = [0, 95, 135, 175, 215, 255];
    for (const red of levels) {
        for (const green of levels) {
            for (const blue of levels) colours.push("#" + hex(red) + hex(green) + hex(blue));
        }
    }
    for (let step = 0; step < 24; ++step) colours.push("#" + hex(8 + 10 * step).repeat(3));
    return colours;
}

function colour(value, standard) {
    if (value === null) return standard;
    return typeof value === "number" ? PALETTE[value] : value;
}

// The largest characters with which the whole screen fits into the window, on whole pixels.
function layOut() {
    const ratio = window.devicePixelRatio || 1;
    const wide = Math.max(320, window.innerWidth - 24) * ratio;
    const high = Math.max(200, window.innerHeight - 72) * ratio;
    const size = Math.min(wide / screen.columns / 0.6, high / screen.rows / 1.25);
    cell.size = Math.max(6, Math.min(28 * ratio, Math.floor(size)));
    context.font = cell.size + "px monospace";
    cell.width = Math.max(1, Math.round(context.measureText("M").width));
    cell.height = Math.round(cell.size * 1.25);
    cell.baseline = Math.round(cell.size * 0.98);
    canvas.width = screen.columns * cell.width;
    canvas.height = screen.rows * cell.height;
    canvas.style.width = canvas.width / ratio + "px";
    canvas.style.height = canvas.height / ratio + "px";
    for (let row = 0; row < screen.rows; ++row) dirty.add(row);
    schedule();
}

function drawText(text, x, y, cells, attributes) {
    context.font = (attributes & ITALIC ? "italic " : "") + (attributes & BOLD ? "bold " : "") + cell.size + "px monospace";
    context.globalAlpha = attributes & FAINT ? 0.6 : 1;
    if (Array.isArray(text)) {
        context.fillText(text[0], x, y + cell.baseline, cells * cell.width);
    } else {
        for (const character of text) {
            if (character !== " ") context.fillText(character, x, y + cell.baseline, cell.width);
            x += cell.width;
        }
    }
    context.globalAlpha = 1;
}

function drawLines(x, y, width, attributes) {
    const thick = Math.max(1, Math.round(cell.size / 14));
    const under = y + cell.baseline + thick;
    if (attributes & (UNDERLINE | DOUBLE_UNDERLINE)) context.fillRect(x, under, width, thick);
    if (attributes & DOUBLE_UNDERLINE) context.fillRect(x, under + 2 * thick, width, thick);
    if (attributes & STRIKE) context.fillRect(x, y + Math.round(cell.height * 0.55), width, thick);
}

function drawRun(row, run) {
    const [column, cells, foreground, background, attributes, text] = run;
    let ink = colour(foreground, FOREGROUND);
    let paper = colour(background, BACKGROUND);
    if (attributes & INVERSE) [ink, paper] = [paper, ink];
    const x = column * cell.width, y = row * cell.height, width = cells * cell.width;
    context.fillStyle = paper;
    context.fillRect(x, y, width, cell.height);
    context.fillStyle = ink;
    drawText(text, x, y, cells, attributes);
    drawLines(x, y, width, attributes);
}

function drawRow(row) {
    context.fillStyle = BACKGROUND;
    context.fillRect(0, row * cell.height, canvas.width, cell.height);
    for (const run of lines[row] || []) drawRun(row, run);
}

function drawCursor() {
    const { row, column, visible, shape } = screen.cursor;
    if (!visible || !screen.running) return;
    const x = column * cell.width, y = row * cell.height;
    const thick = Math.max(2, Math.round(cell.size / 7));
    context.fillStyle = FOREGROUND;
    if (shape === 3) {
        context.fillRect(x, y, thick, cell.height);
    } else if (shape === 2) {
        context.fillRect(x, y + cell.height - thick, cell.width, thick);
    } else {
        context.globalCompositeOperation = "difference";
        context.fillRect(x, y, cell.width, cell.height);
        context.globalCompositeOperation = "source-over";
    }
}

function lineText(runs) {
    let text = "", column = 0;
    for (const [start, cells, , , , content] of runs || []) {
        text += " ".repeat(Math.max(0, start - column)) + (Array.isArray(content) ? content[0] : content);
        column = start + cells;
    }
    return text.trimEnd();
}

function showStatus() {
    $("title").textContent = screen.title || "Jetway";
    document.title = screen.title ? screen.title + " \u2013 Jetway" : "Jetway";
    $("size").textContent = screen.shown ? screen.columns + "\u00d7" + screen.rows : "";
    $("time").textContent = screen.shown ? (screen.us / 1e6).toFixed(1) + " s" : "";
    $("behind").textContent = screen.shown && screen.running ? behindText() : "";
    const state = !screen.shown ? "waiting" : screen.running ? "live" : "ended";
    showState(state, { waiting: "waiting for a session", live: "live", ended: "ended" }[state]);
}

// From the terminal to the server, and from the server to the canvas.
function behindText() {
    const shown = Math.max(0, screen.behind_us / 1000 + (Date.now() - screen.sent_ms));
    return shown < 1000 ? "behind " + Math.round(shown) + " ms" : "behind " + (shown / 1000).toFixed(1) + " s";
}

function showState(state, text) {
    $("state").dataset.state = state;
    $("state").textContent = text;
}

function draw() {
    frame = 0;
    for (const row of dirty) drawRow(row);
    dirty.clear();
    drawCursor();
    dirty.add(screen.cursor.row);  // next time without it
    showStatus();
    $("text").textContent = lines.map(lineText).join("\n");
    sayDrawn(screen.revision);
}

function schedule() {
    if (frame === 0) frame = requestAnimationFrame(draw);
}

function sayDrawn(revision) {
    if (viewer === 0) return;
    fetch("drawn?viewer=" + viewer + "&revision=" + revision, { cache: "no-store" }).catch(() => {});
}

function take(update) {
    const resized = update.columns !== screen.columns || update.rows !== screen.rows;
    dirty.add(screen.cursor.row);
    screen = update;
    if (update.whole) lines = [];
    lines.length = update.rows;
    for (const [row, runs] of update.lines) {
        lines[row] = runs;
        dirty.add(row);
    }
    if (update.whole || resized) layOut();
    schedule();
}

const events = new EventSource("events");
events.addEventListener("hello", (event) => { viewer = JSON.parse(event.data).viewer; });
events.addEventListener("screen", (event) => take(JSON.parse(event.data)));
events.addEventListener("error", () => showState("lost", "connection lost, trying again"));
window.addEventListener("resize", layOut);
