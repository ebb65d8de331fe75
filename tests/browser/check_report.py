#!/usr/bin/env python3
"""Opens reports in headless Chromium as a person would: at a phone's and a desktop's width, light and dark.

    check_report.py REPORT.html... [--screenshots FOLDER]

Asks for: no console message, no request beyond the file, no script, nothing wider than the page, a text for every
picture, contrast of WCAG 2.1 AA, headings in order, and that the keyboard reaches everything that can be used.
"""
import argparse
import base64
import os
import sys

from cdp import Browser

WIDTHS = {"phone": 360, "desktop": 1280}

# Each check is JavaScript that gives a list of what is wrong.
CHECKS = {
    "wider than the page": """
        document.documentElement.scrollWidth > innerWidth
            ? [document.documentElement.scrollWidth + " > " + innerWidth] : []""",
    "outside of the page, and in no box that scrolls": """
        [...document.querySelectorAll("main *, nav *, header *")].filter(e => {
            const box = e.getBoundingClientRect();
            return box.width && box.right > innerWidth + 1 && !e.closest(".scroll");
        }).slice(0, 5).map(e => e.outerHTML.slice(0, 120))""",
    "scripts and frames": """
        [...document.querySelectorAll("script, iframe, object, embed, form")].map(e => e.outerHTML.slice(0, 80))""",
    "pictures without a text": """
        [...document.querySelectorAll("img")].filter(e => !e.alt.trim()).map(e => "img " + e.src.slice(0, 40))
            .concat([...document.querySelectorAll("svg")].filter(e => e.getAttribute("role") !== "img" ||
                !(e.getAttribute("aria-labelledby") || "").split(" ").every(id => id &&
                    (document.getElementById(id) || {textContent: ""}).textContent.trim()))
                .map(e => "svg " + e.outerHTML.slice(0, 80)))""",
    "pictures that are broken": """
        [...document.images].filter(e => !e.complete || !e.naturalWidth).map(e => e.alt)""",
    "ids that are not unique": """
        [...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)""",
    "links to nowhere": """
        [...document.querySelectorAll("a")].filter(e => !e.hash || !document.querySelector(e.hash)).map(e => e.href)""",
    "headings out of order": """
        [...document.querySelectorAll("h1,h2,h3,h4")].map(e => +e.tagName[1])
            .flatMap((level, i, all) => level > (i ? all[i - 1] : 0) + 1 || (level === 1 && i) ? [i + ": h" + level] : [])
            .concat(document.querySelector("h1") ? [] : ["no h1"])""",
    "no language or title": """
        [document.documentElement.lang, document.title].filter(text => !text.trim())""",
    "texts over each other in a drawing": """
        [...document.querySelectorAll("svg")].flatMap(svg => {
            const texts = [...svg.querySelectorAll("text")].map(e => [e, e.getBoundingClientRect()]);
            return texts.flatMap(([e, a], i) => texts.slice(i + 1).filter(([, b]) =>
                Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
                Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > Math.min(a.height, b.height) * 0.4)
                .map(([f]) => e.textContent + " / " + f.textContent));
        }).slice(0, 5)""",
    "texts that leave their drawing": """
        [...document.querySelectorAll("svg text")].filter(e => {
            const text = e.getBoundingClientRect(), box = e.closest("svg").getBoundingClientRect();
            return text.left < box.left - 1 || text.right > box.right + 1 || text.top < box.top - 1 ||
                text.bottom > box.bottom + 1;
        }).map(e => e.textContent).slice(0, 5)""",
    "too little contrast": """
        (() => {
            const parse = text => (text.match(/[0-9.]+/g) || []).map(Number);
            const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
            const over = (top, below, alpha) => below.map((v, i) => v + (top[i] - v) * alpha);
            const paper = e => {
                for (; e; e = e.parentElement) {
                    const colour = parse(getComputedStyle(e).backgroundColor);
                    if (colour.length === 3 || colour[3] > 0) return colour.slice(0, 3);
                }
                return [255, 255, 255];
            };
            /* What was painted below a text of a drawing: filled shapes that hold its middle, the last on top. */
            const painted = (text, below) => {
                const box = text.getBoundingClientRect(), x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
                for (const shape of text.closest("svg").querySelectorAll("path, text")) {
                    if (shape === text) break;
                    if (shape.tagName !== "path") continue;
                    const style = getComputedStyle(shape), s = shape.getBoundingClientRect();
                    if (style.fill === "none" || x < s.left || x > s.right || y < s.top || y > s.bottom) continue;
                    const point = new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse());
                    if (!shape.isPointInFill(point)) continue;
                    below = over(parse(style.fill), below, +style.fillOpacity);
                }
                return below;
            };
            const wrong = [];
            for (const e of document.querySelectorAll("body *")) {
                const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
                if (!own || !e.getClientRects().length || e.closest("title, desc")) continue;
                const style = getComputedStyle(e), inside = e.closest("svg");
                const colour = parse(inside ? style.fill : style.color).slice(0, 3);
                const below = inside ? painted(e, paper(inside)) : paper(e);
                if (ratio(colour, below) < 4.5)
                    wrong.push(ratio(colour, below).toFixed(2) + ": " + e.textContent.slice(0, 40));
            }
            return wrong.slice(0, 5);
        })()""",
}

# What can be used must be reached by Tab, in order.
FOCUSABLE = """[...document.querySelectorAll("a[href], summary, [tabindex='0']")].filter(e =>
    e.matches("details:not([open]) > summary") || !e.closest("details:not([open])")).length"""
SKIP_LINK = "document.activeElement.matches('a.skip') && document.activeElement.getBoundingClientRect().left >= 0"


def keyboard(browser):
    wanted = browser.evaluate(FOCUSABLE)
    browser.evaluate("window.reached = new Set(), document.body.focus()")
    browser.key("Tab", 9)
    wrong = [] if browser.evaluate(SKIP_LINK) else ["the first Tab does not show the link to the content"]
    for _ in range(wanted + 5):
        browser.evaluate("window.reached.add(document.activeElement), 0")
        browser.key("Tab", 9)
    reached = browser.evaluate("[...window.reached].filter(e => e !== document.body).length")
    if reached < wanted:
        wrong.append(f"Tab reaches {reached} of {wanted}")
    return wrong


def messages(browser, url):
    wrong = []
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            wrong.append(f"console: {params}"[:300])
        asked = params.get("request", {}).get("url", "")
        if method == "Network.requestWillBeSent" and asked != url and not asked.startswith("data:"):
            wrong.append(f"request: {asked[:200]}")
    return wrong


def check(browser, path, screenshots):
    url = "file://" + os.path.abspath(path)
    wrong = []
    for size, width in WIDTHS.items():
        for dark in (False, True):
            name = f"{path}, {size}, {'dark' if dark else 'light'}"
            browser.open(url, width, 900, dark)
            found = messages(browser, url)
            for what, script in CHECKS.items():
                found += [f"{what}: {detail}" for detail in browser.evaluate(script)]
            found += keyboard(browser)
            # Everything that was folded away.
            browser.evaluate("document.querySelectorAll('details').forEach(e => e.open = true), 0")
            found += [f"opened, wider than the page: {detail}"
                      for detail in browser.evaluate(CHECKS["wider than the page"])]
            wrong += [f"{name}: {text}" for text in found]
            if screenshots:
                stem = os.path.splitext(os.path.basename(path))[0]
                target = os.path.join(screenshots, f"{stem}-{size}-{'dark' if dark else 'light'}.png")
                with open(target, "wb") as file:
                    file.write(base64.b64decode(browser.screenshot()))
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reports", nargs="+")
    parser.add_argument("--screenshots")
    arguments = parser.parse_args()
    if arguments.screenshots:
        os.makedirs(arguments.screenshots, exist_ok=True)
    browser = Browser()
    wrong = []
    try:
        for path in arguments.reports:
            wrong += check(browser, path, arguments.screenshots)
    finally:
        browser.close()
    for text in wrong:
        print(text)
    print(f"{len(arguments.reports)} reports, {len(WIDTHS)} widths, light and dark: {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
