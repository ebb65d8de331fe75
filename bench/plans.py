"""How each side is started, and which of the peers this machine has."""
import functools
import json
import os
import shutil
import subprocess

from sides import Plan, environment

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, 'peers')
PYTHON = '/usr/bin/python3'  # Debian's, which has Debian's packages
# What makes glibc keep memory instead of giving it back and touching fresh pages in every step.
TUNED = {'MALLOC_MMAP_MAX_': '0', 'MALLOC_TRIM_THRESHOLD_': '1000000000000', 'MALLOC_TOP_PAD_': '268435456'}
VERSION = 'import %s as m; print(m.__version__)'


def run(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, **more)


@functools.lru_cache(None)
def version_of(module):
    """Of a Python module; '' when it is not there."""
    done = run([PYTHON, '-c', VERSION % module], env=environment(1))
    return done.stdout.strip() if done.returncode == 0 else ''


def ours(settings, program, *arguments, name='alexnet', yardstick=False, threads=0):
    path = os.path.join(settings.build, program)
    return Plan(name, [path, *map(str, arguments)], ours=not yardstick, yardstick=yardstick, threads=threads,
                missing='' if os.path.exists(path) else '%s is not built' % program)


def peak(settings, what, threads=0):
    return ours(settings, 'bench_peak', what, name='peak ' + what, yardstick=True, threads=threads)


def package_version(package):
    """Debian's; '' when it is not installed."""
    return run(['dpkg-query', '-W', '-f', '${Version}', package]).stdout.strip()


def without(module, package):
    return '' if version_of(module) else 'not installed (%s)' % package


def torch_version():
    """(1, 13); (0, 0) without PyTorch."""
    words = version_of('torch').split('.')
    return (int(words[0]), int(words[1])) if len(words) > 1 else (0, 0)


def python(script, *arguments):
    return [PYTHON, os.path.join(PEERS, script), *map(str, arguments)]


def torch(script, arguments, precision, fused=False, threads=0):
    """PyTorch as installed and with a tuned allocator; in bf16 with channels_last alone, which is much faster there."""
    layouts = [['channels_last']] if precision == 'bf16' else [[], ['channels_last']]
    ways = [({}, layouts[0])] + [(TUNED, layout) for layout in layouts]
    if fused and torch_version() >= (2, 4):  # the first that has it on CPUs
        ways += [(TUNED, layout + ['fused']) for layout in layouts]
    return [Plan('PyTorch ' + ', '.join(['tuned', *options] if env else ['as installed']),
                 python(script, *arguments, precision, *options), env, threads=threads,
                 missing=without('torch', 'python3-torch')) for env, options in ways]


def node_modules(scratch):
    return os.path.join(scratch, 'node', 'node_modules')


def onnxruntime_version(scratch):
    try:
        with open(os.path.join(node_modules(scratch), 'onnxruntime-node', 'package.json'), encoding='utf-8') as file:
            return json.load(file)['version']
    except OSError:
        return ''


def onnxruntime_missing(scratch):
    if not shutil.which('node'):
        return 'not installed (nodejs)'
    return '' if onnxruntime_version(scratch) else 'not installed (npm: onnxruntime-node)'


def onnxruntime(scratch, *arguments):
    return Plan('ONNX Runtime f32', ['node', os.path.join(PEERS, 'onnxruntime_infer.js'), *map(str, arguments)],
                {'NODE_PATH': node_modules(scratch)}, missing=onnxruntime_missing(scratch))


def opencv(*arguments):
    return Plan('OpenCV f32', python('opencv_infer.py', *arguments), missing=without('cv2', 'python3-opencv'))


def versions(settings):
    """Of everything that is compared."""
    named = {'alexnet': run([os.path.join(settings.build, 'alexnet'), '--version']).stdout.strip().partition(' ')[2],
             'Python': package_version('python3'), 'PyTorch': package_version('python3-torch'),
             'torchvision': package_version('python3-torchvision'), 'OpenCV': package_version('python3-opencv'),
             'Pillow': package_version('python3-pil'), 'OpenBLAS': package_version('libopenblas0-pthread'),
             'ONNX Runtime': onnxruntime_version(settings.scratch),
             'Node.js': run(['node', '--version']).stdout.strip() if shutil.which('node') else ''}
    return {name: version or 'not installed' for name, version in named.items()}

