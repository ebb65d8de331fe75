"""Tables for people, Markdown for the pages, JSON for programs."""
import dataclasses
import json
import os

from rows import GROUPS


def number(value):
    return '%.0f' % value if abs(value) >= 100 else '%.3g' % value


def cell(comparison, result):
    if result.skipped or not result.samples:
        return result.skipped or 'no figure'
    middle, low, high = comparison.figures(result)
    return number(middle) if len(result.samples) == 1 else \
        '%s (%s-%s)' % (number(middle), number(low), number(high))


def target_of(row, torch_major):
    return row.target.get(torch_major) if isinstance(row.target, dict) else row.target


def verdict(target, comparison):
    """'', or whether it is reached."""
    figure = target.figure(comparison) if target else None
    return '' if figure is None else '%s: %.3g' % ('yes' if target.reached(comparison) else 'NO', figure)


def note(comparison):
    said = {name: '%.0f %%' % (100 * value) if name.startswith('of ') else '%.2g' % value
            for name, value in comparison.notes.items()}
    return ', '.join('%s %s' % pair if pair[0].startswith('answers') else '%s %s' % pair[::-1] for pair in said.items())


def table(measured, group, torch_major):
    """Header and lines of a group, as lists of cells; what all rows leave empty is left out."""
    rows = [(row, comparison) for row, comparison in measured if row.group == group]
    peers = list(dict.fromkeys(r.name for _, c in rows for r in c.results if not r.ours and not r.yardstick))
    head = ['', 'unit', rows[0][1].ours().name, *peers, 'x best peer', 'target', 'reached', '']
    lines = []
    for row, comparison in rows:
        named = {r.name: r for r in comparison.results}
        target, ratio = target_of(row, torch_major), comparison.ratio()
        lines.append([row.name, comparison.unit, cell(comparison, comparison.ours()),
                      *(cell(comparison, named[p]) if p in named else '' for p in peers),
                      '' if ratio is None else '%.2f' % ratio, str(target or ''), verdict(target, comparison),
                      note(comparison)])
    keep = [i for i in range(len(head)) if i == 0 or any(line[i] for line in lines)]
    return [[cells[i] for i in keep] for cells in [head] + lines]


def plain(cells):
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return '\n'.join('  '.join(word.ljust(width) for word, width in zip(line, widths)).rstrip() for line in cells)


def markdown(cells):
    lines = ['| %s |' % ' | '.join(line) for line in cells]
    return '\n'.join([lines[0], '|' + '---|' * len(cells[0]), *lines[1:]])


def header(machine):
    return '%(processor)s; %(cores)d cores, %(threads)d threads, %(memory)s; %(system)s, kernel %(kernel)s; ' \
           '%(date)s; commit %(commit)s\n' % machine + ', '.join('%s %s' % pair for pair in machine['versions'].items())


def line(comparison):
    """What a row says as soon as it is measured."""
    ratio = comparison.ratio()
    said = '%s %s' % (cell(comparison, comparison.ours()), comparison.unit)
    return said if ratio is None else said + ', %.2f x the best peer' % ratio


def page(machine, measured, torch_major):
    """All tables in Markdown."""
    parts = ['%s\n' % header(machine).replace('\n', '  \n')]
    for group, title in GROUPS.items():
        if any(row.group == group for row, _ in measured):
            parts.append('### %s\n\n%s\n' % (title, markdown(table(measured, group, torch_major))))
    return '\n'.join(parts)


def as_json(machine, measured, torch_major):
    rows = []
    for row, comparison in measured:
        target = target_of(row, torch_major)
        rows.append({
            'name': row.name, 'group': row.group, 'arguments': row.arguments, 'unit': comparison.unit,
            'amount': comparison.amount, 'ratio': comparison.ratio(), 'target': str(target or ''),
            'reached': target.reached(comparison) if target and target.figure(comparison) is not None else None,
            'notes': comparison.notes,
            'sides': [dict(dataclasses.asdict(r), figures=comparison.figures(r) if r.samples else None)
                      for r in comparison.results]})
    return json.dumps({'machine': machine, 'rows': rows}, indent=1) + '\n'


def write(path, text):
    """Whole or not at all."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + '.new', 'w', encoding='utf-8') as file:
        file.write(text)
    os.replace(path + '.new', path)
