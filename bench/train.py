"""Training speed against PyTorch in one interleaved run: every side keeps its process and takes one step in turn,
so that a busy neighbour slows all of them alike. Prints images/s and the ratio to PyTorch's best row.

usage: train.py BUILD [--batch 32,200] [--precision f32,bf16] [--rounds 8]
"""
import argparse
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NETWORK = os.environ.get('NETWORK', 'alexnet')
PYTHON = '/usr/bin/python3'  # Debian's, which has Debian's PyTorch
TUNED = {'MALLOC_MMAP_MAX_': '0', 'MALLOC_TRIM_THRESHOLD_': '1000000000000', 'MALLOC_TOP_PAD_': '268435456'}
PEERS = {'f32': [('f32', False), ('f32', True), ('f32-cl', True)], 'bf16': [('bf16-cl', False), ('bf16-cl', True)]}


class Side:
    def __init__(self, name, command, extra):
        env = {k: v for k, v in os.environ.items() if not k.startswith('OPENBLAS_')}
        env.update(extra, OMP_NUM_THREADS='2')
        self.name, self.times, self.update = name, [], []
        self.child = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline().strip() != 'ready':
            sys.exit('%s did not start' % name)

    def step(self, keep):
        self.child.stdin.write('step\n')
        self.child.stdin.flush()
        total, update = map(float, self.child.stdout.readline().split())
        if keep:
            self.times.append(total)
            self.update.append(update)

    def finish(self):
        out, _ = self.child.communicate('q\n')
        self.peak = out.strip().rpartition('peak ')[2]


def measure(build, batch, precision, rounds):
    sides = [Side('alexnet %s' % precision, [build + '/bench_train', NETWORK, str(batch), precision], {})]
    for mode, tuned in PEERS[precision]:
        sides.append(Side('PyTorch %s%s' % (mode, ', allocator tuned' if tuned else ', as installed'),
                          [PYTHON, HERE + '/torch_train.py', str(batch), mode], TUNED if tuned else {}))
    for round_ in range(rounds + 2):
        for side in sides:
            side.step(round_ >= 2)
    for side in sides:
        side.finish()
    best = min(statistics.median(s.times) for s in sides[1:])
    print('\ncourse AlexNet, forward + backward + Adam, B=%d, %s, median of %d interleaved steps' %
          (batch, precision, rounds))
    for side in sides:
        median = statistics.median(side.times)
        print('  %-36s %8.1f ms (%.1f-%.1f)  %6.1f images/s  %5.2f x  Adam %5.1f ms  peak %s' %
              (side.name, median, min(side.times), max(side.times), batch / median * 1e3, best / median,
               statistics.median(side.update), side.peak))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('--batch', default='32,200')
    parser.add_argument('--precision', default='f32,bf16')
    parser.add_argument('--rounds', type=int, default=8)
    args = parser.parse_args()
    for batch in args.batch.split(','):
        for precision in args.precision.split(','):
            measure(os.path.abspath(args.build), int(batch), precision, args.rounds)


main()
