#!/usr/bin/env python3
"""test_hostile.py ALEXNET HELPERS [--unbounded]: every hostile image is handled as images.txt says.

HELPERS is the folder of make_hostile and make_images.  Each file (but for the hundreds that are cut) is predicted by
a process of its own, whose memory and time are measured; then predict, check-data and train read the whole set.  --unbounded leaves memory and time alone, for
programs that are built with sanitizers.
"""

import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import namedtuple

# Of pixels 400 MB, and as much for what a decoder takes besides; the program itself takes some 20 MiB.
MOST_MIB = 900
MOST_SECONDS = 2  # of the processor's time, which neighbours do not change
HANGS = 300  # seconds of the clock: not slow, but stuck

UNREADABLE = {'damaged', 'empty', 'zeros', 'not_image', 'unsupported', 'missing'}
STORED = {'deep', 'cmyk', 'transparent', 'palette', 'turned'}

NET = """name: net
classes: 2
input: [24, 24, 3]
layers:
  - conv2d: {filters: 4, kernel_size: 5, strides: 2, activation: relu}
  - global_average_pooling2d:
  - dense: {units: classes, activation: softmax}
"""

FOLLOWED = {'a/again': 'a/again/beyond.png', 'a/maze': 'a/maze/' + 30 * 'x/' + 'deep.png'}

Row = namedtuple('Row', 'pattern what kind words')
failures = []


def check(truth, message):
    if not truth:
        failures.append(message)
        print('FAILED:', message.encode('utf-8', 'backslashreplace').decode())


def read_table(path):
    with open(path, encoding='utf-8') as file:
        lines = [line for line in file if line.strip() and not line.startswith('#')]
    return [Row(*(line.split(None, 3) + [''])[:4]) for line in lines]


def files_below(folder):
    """Names relative to the folder: files, and links to folders, of which the two of FOLLOWED lead to one image each."""
    found = []
    for place, folders, files in os.walk(folder):
        found += [os.path.join(place, name) for name in files]
        found += [os.path.join(place, name) for name in folders if os.path.islink(os.path.join(place, name))]
    names = [os.path.relpath(path, folder) for path in found]
    return sorted(FOLLOWED.get(name, name) for name in names)


def shown(path):
    """As the program's JSON has it: exact, or with the bytes that are no UTF-8 as \\xFF."""
    return re.sub('[\udc80-\udcff]', lambda byte: f'\\x{ord(byte[0]) - 0xdc00:02X}', path)


def run(program, *arguments):
    """(exit code, stdout, stderr, MiB, seconds); killed, which fails the test, when it hangs."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=lambda: signal.alarm(HANGS))
        _, status, used = os.wait4(child.pid, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode('utf-8', 'surrogateescape'))
    return os.waitstatus_to_exitcode(status), *texts, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def check_one(program, model, path, row, bounded):
    code, out, err, mib, seconds = run(program, 'predict', model, '--threads', '1', '--json', '--', path)
    wanted = 0 if row.what == 'read' else 3
    check(code == wanted, f'{path}: exit code {code}, not {wanted}: {err.strip()}')
    check(not bounded or mib <= MOST_MIB, f'{path}: took {mib:.0f} MiB')
    check(not bounded or seconds <= MOST_SECONDS, f'{path}: took {seconds:.1f} s')
    check('\033' not in err and err.count('\n') <= 1, f'{path}: a message of several lines or with control characters')
    if code in (0, 3) and out:
        answer = json.loads(out)[0]
        check(answer['path'] == shown(path), f'{path}: is called {answer["path"]!r}')
        if wanted:
            check(re.search(row.words.strip(), answer.get('error', '')), f'{path}: {answer.get("error")}')
    return mib, seconds


def check_set(program, model, folder, rows):
    """predict over the whole folder: each file once, and as the table says."""
    code, out, _, _, _ = run(program, 'predict', model, '--threads', '2', '--json', folder)
    check(code == 3, f'predict: exit code {code}')
    if code != 3:
        return
    answers = {answer['path']: answer.get('error') for answer in json.loads(out)}
    for name, row in rows.items():
        path = shown(os.path.join(folder, name))
        if row.what in ('ignored', 'unfollowed'):
            check(path not in answers, f'predict: {name} is read')
            continue
        check(path in answers, f'predict: {name} is left out')
        error = answers.pop(path, None)
        check(bool(error) == (row.what == 'refused'), f'predict: {name}: {error}')
        check(not error or re.search(row.words.strip(), error), f'predict: {name}: {error}')
    check(not answers, f'predict reads others: {answers}')


def check_inspection(program, folder, rows):
    code, out, _, _, _ = run(program, 'check-data', folder, '--json', '--threads', '2')
    check(code == 3, f'check-data: exit code {code}')
    if code != 3:
        return
    found = {}
    for finding in json.loads(out)['findings']:
        if finding['kind'] not in UNREADABLE | STORED:
            continue
        for group in finding['groups']:
            for image in group['images']:
                found.setdefault(image['path'], set()).add(finding['kind'])
    for name, row in rows.items():
        kinds = found.pop(shown(os.path.join(folder, name)), set())
        check(kinds == (set() if row.kind == '-' else {row.kind}), f'check-data {name}: {kinds}, not {row.kind}')
    check(not found, f'check-data names others: {found}')


def check_training(program, folder, rows):
    bad = sum(row.what == 'refused' for row in rows.values())
    train = ['train', folder, '--model', 'net.yaml', '--epochs', '1', '--threads', '2', '--validation-split', '0']
    code, _, err, _, _ = run(program, *train, '--out', 'refused')
    check(code == 3 and re.search(rf'error: {bad} of \d+ images cannot be read, more than the 1 % of skip_bad', err),
          f'train: exit code {code}: {err}')
    code, _, err, _, _ = run(program, *train, '--out', 'skipped', '--skip-bad', '100%')
    check(code == 0 and f'{bad} images could not be read and are left out' in err, f'train: exit code {code}: {err}')


def main():
    program, helpers = map(os.path.abspath, sys.argv[1:3])
    bounded = '--unbounded' not in sys.argv
    table = read_table(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'images.txt'))
    with tempfile.TemporaryDirectory(prefix='alexnet-hostile.') as place:
        os.chdir(place)
        subprocess.run([os.path.join(helpers, 'make_images'), 'good', '1', '8', '32', 'a', 'b'], check=True)
        subprocess.run([os.path.join(helpers, 'make_hostile'), 'hostile'], check=True)
        with open('net.yaml', 'w', encoding='utf-8') as file:
            file.write(NET)
        os.environ['XDG_CACHE_HOME'] = os.path.join(place, 'cache')
        code, _, err, _, _ = run(program, 'train', 'good', '--model', 'net.yaml', '--epochs', '1', '--out', 'model')
        check(code == 0, f'train: {err}')

        folder = 'hostile/set'
        rows = {name: next((row for row in table if fnmatch.fnmatch(name, row.pattern)), None)
                for name in files_below(folder)}
        for name in [name for name, row in rows.items() if row is None]:
            check(False, f'{name}: no row of images.txt')
            del rows[name]
        for row in table:
            check(row in rows.values(), f'images.txt: no file for the row {row.pattern}')
        most = [check_one(program, 'model', os.path.join(folder, name), row, bounded)
                for name, row in rows.items() if row.what != 'unfollowed' and not name.startswith('a/cut')]
        check_set(program, 'model', folder, rows)
        check_inspection(program, folder, rows)
        check_training(program, folder, rows)
        check(not os.path.exists('pwned'), 'a file name was run as a command')
    print(f'{len(rows)} files, at most {max(m for m, _ in most):.0f} MiB and {max(s for _, s in most):.2f} s each; '
          f'{len(failures)} failures')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
