"""The loader: JPEG files to normalised floats, decode, resize, cut and conversion, on all cores; page cache warm."""
import json
import os
import subprocess
import time

import plans
from comparison import Comparison
from infer import command
from sides import PAUSE, Result, Side, enough, environment

COUNT, BATCH = 200, 32  # pictures of each of two classes


def pictures(settings, width, height):
    folder = os.path.join(settings.scratch, 'pictures-%dx%d' % (width, height))
    if not os.path.exists(folder):
        command(plans.python('pictures.py', folder + '.new', 0, COUNT, width, height), 'pictures cannot be written')
        os.rename(folder + '.new', folder)
    return folder


def ours_once(settings, folder, resize, side, result):
    """Milliseconds for all files: the first epoch's reading to bytes, and the filling of batches."""
    program = os.path.join(settings.build, 'bench_loader')
    done = subprocess.run([program, folder, str(side), str(BATCH), '[]', 'image_size=%d' % resize, 'seconds=0.2'],
                          env=environment(settings.threads), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        result.skipped = 'failed: ' + done.stderr.strip()
        return None
    result.about = json.loads(done.stdout)
    count = 2 * COUNT
    return 1e3 * count / result.about['images_per_second'] + result.about['ms_per_batch'] * count / BATCH


def loader(settings, budget, width, height, resize, side):
    folder = pictures(settings, width, height)
    ours = Result('alexnet', True, False)
    if not os.path.exists(os.path.join(settings.build, 'bench_loader')):
        ours.skipped = 'bench_loader is not built'
    peers = [Side(plans.Plan(name, plans.python('loader.py', name.lower(), folder, resize, side),
                             missing=plans.without(module, package)), settings.threads)
             for name, module, package in (('Pillow', 'PIL', 'python3-pil'), ('OpenCV', 'cv2', 'python3-opencv'),
                                           ('torchvision', 'torchvision', 'python3-torchvision'))]
    begin, kept = time.monotonic(), -1  # the first round fills the page cache
    while not enough(kept, settings, 5, begin, budget):
        sample = None if ours.skipped else ours_once(settings, folder, resize, side, ours)
        if sample and kept >= 0:
            ours.samples.append(sample)
        for peer in peers:
            time.sleep(PAUSE)
            if peer.child:
                peer.steps = 1
                peer.turn(keep=kept >= 0)
        kept += 1
    return Comparison([ours] + [peer.finish() for peer in peers], 'images/s', 1e3 * 2 * COUNT)
