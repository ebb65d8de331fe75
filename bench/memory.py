"""The memory that `alexnet explain` says training takes, against the peak of a real training process."""
import os
import tempfile

import plans
from comparison import Comparison
from infer import command
from sides import Result, environment
from train import ROOT, explained

PER_CLASS, MIB = 96, 1 << 20
# In a small process of its own: a child's peak begins with its parent's size.
WATCH = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss)
sys.exit(status != 0)
"""


def peak_of(arguments, settings):
    """MiB of the largest resident set that the process had."""
    watch = plans.run([plans.PYTHON, '-S', '-c', WATCH, *arguments], env=environment(settings.threads), check=True)
    return int(watch.stdout) / 1024


def explain(settings, budget, network, batch, precision):
    """One epoch on random pictures. The peak holds the program, its libraries and the decoded images, too; what is left
    without them is what explain speaks of, so that the ratio should be 1."""
    path = os.path.join(ROOT, network)
    alexnet = os.path.join(settings.build, 'alexnet')
    how = ['--batch-size', str(batch), '--precision', precision]
    said = explained(settings.build, path, *how)
    height, width, channels = said['input']
    base = peak_of([alexnet, 'explain', path, *how], settings)
    with tempfile.TemporaryDirectory(dir=settings.scratch) as folder:
        for split in ('train', 'validation'):
            command(plans.python('pictures.py', os.path.join(folder, split), 0, PER_CLASS, width, height),
                    'pictures cannot be written')
        peak = peak_of([alexnet, 'train', '--model', path, '--data.train', os.path.join(folder, 'train'),
                        '--data.validation', os.path.join(folder, 'validation'), '--out', os.path.join(folder, 'run'),
                        '--epochs', '1', *how], settings)
    pixels = 4 * PER_CLASS * height * width * channels / MIB
    ours = Result('alexnet', True, False, samples=[peak - base - pixels],
                  about={'peak': peak, 'program': base, 'decoded images': pixels})
    theirs = Result('explain', False, False, samples=[said['total']['bytes']['total'] / MIB])
    return Comparison([ours, theirs], 'MiB')
