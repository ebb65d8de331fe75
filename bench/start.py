"""How long the program takes from start to end, and what it takes on disk."""
import os
import re
import subprocess

import plans
from comparison import Comparison
from sides import Plan, Result, whole_processes

MIB = 1 << 20


def start(settings, budget, arguments):
    """The peer is Python importing PyTorch, which is what a model's summary waits for there."""
    sides = [plans.ours(settings, 'alexnet', *arguments),
             Plan('PyTorch import', [plans.PYTHON, '-c', 'import torch'], missing=plans.without('torch', 'python3-torch')),
             Plan('OpenCV import', [plans.PYTHON, '-c', 'import cv2'], missing=plans.without('cv2', 'python3-opencv'))]
    return Comparison(whole_processes(sides, settings, budget), 'ms')


def installed_packages():
    """{name: (bytes, what it needs: lists of alternatives)}, and who provides a name that is no package."""
    done = plans.run(['dpkg-query', '-W', '-f', '${db:Status-Abbrev}|${Package}|${Installed-Size}|${Depends}, '
                      '${Pre-Depends}|${Provides}\n'])
    packages, provided = {}, {}
    for line in done.stdout.splitlines():
        status, name, size, rest = line.split('|', 3)
        needs, _, provides = rest.rpartition('|')
        if status.startswith('ii'):
            packages[name] = (int(size or 0) * 1024, [names_in(need, '|') for need in needs.split(',')])
            for other in names_in(provides, ','):
                provided.setdefault(other, name)
    return packages, provided


def names_in(text, separator):
    """Without versions and architectures."""
    return [re.split(r'[ (:]', word.strip())[0] for word in text.split(separator) if word.strip()]


def with_dependencies(roots):
    """Bytes of packages and all that they need, of what is installed; and how many they are."""
    packages, provided = installed_packages()
    waiting, seen = [[root] for root in roots], set()
    while waiting:
        known = [name if name in packages else provided.get(name) for name in waiting.pop()]
        name = next((name for name in known if name), None)
        if name and name not in seen:
            seen.add(name)
            waiting += packages[name][1]
    return sum(packages[name][0] for name in seen), len(seen)


def libraries_of(program):
    """The shared libraries that a program links, links resolved."""
    done = plans.run(['ldd', program])
    return sorted({os.path.realpath(path) for path in re.findall(r'(/\S+) \(0x', done.stdout)})


def owners(files):
    """The packages of files; dpkg may know a library under the path before /usr was merged."""
    names = set()
    for path in files:
        for known in (path, re.sub('^/usr', '', path)):
            done = plans.run(['dpkg-query', '-S', known])
            if done.returncode == 0:
                names.add(re.split('[:,]', done.stdout)[0])
                break
    return names


def folder_size(path):
    return sum(os.path.getsize(os.path.join(root, file)) for root, _, files in os.walk(path) for file in files)


def size(settings, budget, packaged):
    """On disk. packaged: each with Debian's packages and all that they need, so that like is compared with like; or
    ours as the program's file and the libraries that it links."""
    program = os.path.join(settings.build, 'alexnet')
    libraries = libraries_of(program)
    ours = Result('alexnet', True, False)
    if packaged:
        total, count = with_dependencies(owners(libraries))
        ours.about['packages'] = count
        ours.samples = [(os.path.getsize(program) + total) / MIB]
    else:
        ours.about['libraries'] = len(libraries)
        ours.samples = [sum(map(os.path.getsize, [program, *libraries])) / MIB]
    torch = Result('PyTorch', False, False, skipped=plans.without('torch', 'python3-torch'))
    if not torch.skipped:
        total, torch.about['packages'] = with_dependencies(['python3-torch'])
        torch.samples = [total / MIB]
    node = Result('ONNX Runtime f32', False, False, skipped=plans.onnxruntime_missing(settings.scratch))
    if not node.skipped:
        total, node.about['packages'] = with_dependencies(['nodejs'])
        node.samples = [(total + folder_size(plans.node_modules(settings.scratch))) / MIB]
    opencv = Result('OpenCV f32', False, False, skipped=plans.without('cv2', 'python3-opencv'))
    if not opencv.skipped:
        total, opencv.about['packages'] = with_dependencies(['python3-opencv'])
        opencv.samples = [total / MIB]
    return Comparison([ours, torch, node, opencv], 'MiB')
