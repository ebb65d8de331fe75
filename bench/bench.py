"""Speed, memory and size beside others', each row in one interleaved run. docs/benchmarks.md says how to read it.

usage: bench.py BUILD [NAME...] [--all] [--list] [--rounds N] [--threads N] [--json FILE] [--markdown FILE]
"""
import argparse
import os
import sys
import time

import machine
import plans
import report
import rows
from comparison import Comparison, Failed
from sides import Result


def arguments():
    parser = argparse.ArgumentParser(prog='./run bench', description=__doc__.splitlines()[0])
    parser.add_argument('build', help=argparse.SUPPRESS)
    parser.add_argument('names', nargs='*', metavar='NAME', help='groups or rows (--list); without: the short run')
    parser.add_argument('--all', action='store_true', help='the rows that the short run leaves out, too')
    parser.add_argument('--list', action='store_true', help='name the rows and end')
    parser.add_argument('--rounds', type=int, default=0, metavar='N',
                        help='turns that count, of every side (default: as many as fit a time)')
    parser.add_argument('--threads', type=int, default=len(os.sched_getaffinity(0)), metavar='N',
                        help='of every side (default: all cores)')
    parser.add_argument('--json', metavar='FILE', help='default: BUILD/bench/results.json')
    parser.add_argument('--markdown', metavar='FILE', help='the tables for a page')
    settings = parser.parse_intermixed_args()
    settings.build = os.path.abspath(settings.build)
    settings.root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    settings.scratch = os.path.join(settings.build, 'bench')
    settings.json = settings.json or os.path.join(settings.scratch, 'results.json')
    return settings


def main():
    settings = arguments()
    chosen, unknown = rows.select(settings.names, settings.all)
    if unknown:
        sys.exit('bench: no group or row is named %s; --list names them' % ', '.join(unknown))
    if settings.list:
        for row in chosen:
            print('%s/%s%s' % (row.group, row.name, ' (--all)' if row.more else ''))
        return 0
    os.makedirs(settings.scratch, exist_ok=True)
    about, torch_major = machine.describe(settings), plans.torch_version()[0]
    print(report.header(about), flush=True)
    measured, failed, begin = [], False, time.monotonic()
    for group, title in rows.GROUPS.items():
        for row in (row for row in chosen if row.group == group):
            print('%s/%s ...' % (group, row.name), end=' ', file=sys.stderr, flush=True)
            try:
                comparison = row.measure(settings, row.seconds, **row.arguments)
            except Failed as failure:
                comparison = Comparison([Result('alexnet', True, False, skipped=str(failure))], '')
            print(report.line(comparison), file=sys.stderr, flush=True)
            measured.append((row, comparison))
            failed = failed or bool(comparison.ours().skipped)
            report.write(settings.json, report.as_json(about, measured, torch_major))
        if any(row.group == group for row in chosen):
            print('\n%s\n%s' % (title, report.plain(report.table(measured, group, torch_major))), flush=True)
    print('\n%.0f minutes; every sample is in %s' % ((time.monotonic() - begin) / 60, settings.json))
    if settings.markdown:
        report.write(settings.markdown, report.page(about, measured, torch_major))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
