#!/usr/bin/env python3
"""TensorBoard's event files, read without our code: Python's standard library alone.

    read_events.py FOLDER                    a line for each value: FILE STEP TAG VALUE; of histograms COUNT SUM SQUARES
                                             LEAST MOST and how many buckets there are
    read_events.py FOLDER metrics.csv        and compared: every scalar is the one of its row, each row has its scalars
                                             once, and steps rise within a tag
    read_events.py FOLDER metrics.csv model  and the last histograms with the tensors of a model file

A record is uint64 length, uint32 masked CRC32C of these eight bytes, data, uint32 masked CRC32C of it, all with the
little end first (tensorflow/core/lib/io/record_writer.h).  Data is an Event (tensorflow/core/util/event.proto).
"""
import csv
import glob
import json
import math
import os
import struct
import sys

POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected


def crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


assert crc32c(b'123456789') == 0xE3069283  # RFC 3720's check value


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    with open(path, 'rb') as file:
        data = file.read()
    at = 0
    while at < len(data):
        length, check = struct.unpack_from('<QI', data, at)
        assert masked(data[at:at + 8]) == check, f'{path}: checksum of the length at {at}'
        record = data[at + 12:at + 12 + length]
        assert len(record) == length, f'{path}: cut off at {at}'
        assert masked(record) == struct.unpack_from('<I', data, at + 12 + length)[0], f'{path}: checksum at {at}'
        yield record
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def fields(data):
    """(number, value) of a message: int, bytes, or 8 or 4 bytes as they are."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(key & 7)
            if size is None:
                assert key & 7 == 2, f'wire type {key & 7}'
                size, at = varint(data, at)
            value = data[at:at + size]
            assert len(value) == size
            at += size
        yield key >> 3, value


def double(value):
    return struct.unpack('<d', value)[0]


def doubles(value):
    return struct.unpack(f'<{len(value) // 8}d', value)


def histogram(data):
    h = dict(fields(data))
    limits, counts = doubles(h[6]), doubles(h[7])
    assert len(limits) == len(counts) and list(limits) == sorted(set(limits)), 'limits do not rise'
    assert sum(counts) == double(h[3]), 'buckets do not add up'
    return [double(h[k]) for k in (3, 4, 5, 1, 2)] + [limits, counts]


def events(path):
    """(step, tag, value) in order, behind what each file begins with."""
    first = start = None
    for record in records(path):
        event = dict(fields(record))
        assert 1.4e9 < double(event[1]) < 1e11, 'a time that is none'
        step = event.get(2, 0)
        if first is None:
            first = event[3]
            assert first == b'brain.Event:2', first
        elif 7 in event:
            assert dict(fields(event[7])) == {1: 1}, 'no start of a session'
            start = step
        else:
            assert start is not None and step >= start, f'step {step} before the session, which starts at {start}'
            for number, value in fields(event[5]):
                assert number == 1
                entry = dict(fields(value))
                tag = entry[1].decode()
                yield step, tag, histogram(entry[5]) if 5 in entry else struct.unpack('<f', entry[2])[0]


def read(folder):
    """{tag: [(step, value), ...]} of all event files in a folder, by name, as TensorBoard reads them."""
    tags = {}
    for path in sorted(glob.glob(os.path.join(folder, '*tfevents*'))):
        for step, tag, value in events(path):
            tags.setdefault(tag, []).append((step, value))
    return tags


COLUMNS = {'train': {'epoch_loss': 'loss', 'epoch_accuracy': 'accuracy', 'epoch_learning_rate': 'learning_rate',
                     'epoch_seconds': 'seconds'},
           'validation': {'epoch_loss': 'val_loss', 'epoch_accuracy': 'val_accuracy'}}


def compare(folder, metrics):
    with open(metrics, newline='') as file:
        rows = list(csv.DictReader(file))
    compared = 0
    for part, columns in COLUMNS.items():
        tags = read(os.path.join(folder, part))
        scalars = {tag for tag in tags if not tag.endswith('/histogram')}
        for tag, column in columns.items():
            wanted = [(int(row['epoch']), float(row[column])) for row in rows if row[column]]
            got = tags.get(tag, [])
            if tag == 'epoch_seconds':  # of epochs before a resume they are not known
                wanted = [w for w in wanted if w[0] in dict(got)]
            assert [step for step, _ in got] == [step for step, _ in wanted], f'{part} {tag}: steps {got}'
            for (step, value), (_, figure) in zip(got, wanted):
                near = 1e-3 if tag == 'epoch_seconds' else 1e-6 * abs(figure)
                assert abs(value - figure) <= near, f'{part} {tag} {step}: {value}, not {figure}'
                compared += 1
            scalars.discard(tag)
        assert not scalars, f'{part}: {scalars}'
    print(f'{compared} scalars are those of metrics.csv')


def compare_weights(folder, model):
    with open(model, 'rb') as file:
        header = json.loads(file.read(struct.unpack('<Q', file.read(8))[0]))
        begin = file.tell()
        tags, compared = read(os.path.join(folder, 'train')), 0
        for name, tensor in header.items():
            if name == '__metadata__' or name.startswith(('optimizer.', 'ema.')):
                continue
            low, high = tensor['data_offsets']
            file.seek(begin + low)
            values = struct.unpack(f'<{(high - low) // 4}f', file.read(high - low))
            count, total, squares, least, most, limits, counts = tags[name.replace('.', '/') + '/histogram'][-1][1]
            assert count == len(values) and least == min(values) and most == max(values), name
            assert math.isclose(total, math.fsum(values), rel_tol=1e-9, abs_tol=1e-9), name
            assert math.isclose(squares, math.fsum(v * v for v in values), rel_tol=1e-9), name
            found = [0] * len(counts)
            for value in values:
                found[min(int((value - least) * len(counts) / (most - least)) if most > least else 0, len(counts) - 1)] += 1
            width = (most - least) / len(limits)
            assert limits[-1] == most and all(abs(least + width * (i + 1) - v) <= 1e-9 * width
                                              for i, v in enumerate(limits)), name
            assert found == list(counts), f'{name}: {found} {counts}'
            compared += 1
    print(f'{compared} histograms are those of the weights')


def main():
    folder = sys.argv[1]
    if len(sys.argv) == 2:
        for path in sorted(glob.glob(os.path.join(folder, '**', '*tfevents*'), recursive=True)):
            for step, tag, value in events(path):
                text = f'{value:.9g}' if isinstance(value, float) else ' '.join(f'{v:.9g}' for v in value[:5])
                print(os.path.relpath(path, folder), step, tag, text,
                      *([len(value[5])] if isinstance(value, list) else []))
    if len(sys.argv) > 2:
        compare(folder, sys.argv[2])
    if len(sys.argv) > 3:
        compare_weights(folder, sys.argv[3])


main()
