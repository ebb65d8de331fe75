"""What the figures belong to: processor, system, and the versions of every side."""
import datetime
import os
import platform
import re

import plans


def read(path, pattern, missing=''):
    try:
        with open(path, encoding='utf-8') as file:
            found = re.search(pattern, file.read(), re.M)
    except OSError:
        return missing
    return found.group(1).strip() if found else missing


def commit(root):
    done = plans.run(['git', '-C', root, 'describe', '--always', '--dirty'])
    return done.stdout.strip() or 'unknown'


def describe(settings):
    return {
        'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'),
        'commit': commit(settings.root),
        'processor': read('/proc/cpuinfo', r'^model name\s*:(.*)$', platform.machine()) +
        ', family %s model %s' % (read('/proc/cpuinfo', r'^cpu family\s*:(.*)$', '?'),
                                  read('/proc/cpuinfo', r'^model\s*:(.*)$', '?')),
        'cores': len(os.sched_getaffinity(0)),
        'threads': settings.threads,
        'memory': '%.1f GiB' % (int(read('/proc/meminfo', r'^MemTotal:\s*(\d+)', '0')) / 2**20),
        'kernel': platform.release(),
        'system': read('/etc/os-release', r'^PRETTY_NAME="?(.*?)"?$', 'unknown'),
        'versions': plans.versions(settings),
    }
