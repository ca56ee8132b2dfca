#!/usr/bin/env python3
"""The timeline beside a second implementation: SQL (Python's sqlite3) over a record that this script flattens itself from raw FHIR JSON.

    tests/golden/context_timeline.py [--consilium build/release/bin/consilium] [--data FOLDER] [--archive NAME] [--questions 50000] [--patients N] [--seed 1]

FOLDER holds bundles (*.json, anywhere below), or NAME.tar.xz of them. Codes that resources name which are not flattened here are not asked for. Each patient is disturbed first: copies under new ids, copies
entered in error, partial dates, other units, refuted conditions. Then questions are drawn, asked with `consilium timeline --ask -`, and compared:
resources (with all sources of each), counts, what is certain, numbers, slopes, directions. Exit 1 where one differs."""
import argparse, copy, glob, json, math, os, random, re, sqlite3, subprocess, sys, tarfile, tempfile, time
from calendar import monthrange
from datetime import date, datetime, timezone

SEMANTIC_TAG = re.compile(r'("(?:text|display)": "[^"]*?) \((?:procedure|disorder|finding|situation|regime/therapy|person|substance|event)\)"')
KINDS = {'Condition': 'conditions', 'MedicationRequest': 'medications', 'MedicationStatement': 'medications', 'MedicationAdministration': 'medications',
         'MedicationDispense': 'medications', 'AllergyIntolerance': 'allergies', 'Observation': 'observations', 'Procedure': 'procedures',
         'Immunization': 'immunizations', 'Encounter': 'encounters'}
DATES = {'Condition': ['onsetDateTime', 'onsetPeriod', 'recordedDate'], 'MedicationRequest': ['authoredOn'],
         'MedicationStatement': ['effectiveDateTime', 'effectivePeriod', 'dateAsserted'],
         'MedicationAdministration': ['effectiveDateTime', 'effectivePeriod'], 'MedicationDispense': ['whenHandedOver', 'whenPrepared'],
         'AllergyIntolerance': ['onsetDateTime', 'onsetPeriod', 'recordedDate'],
         'Observation': ['effectiveDateTime', 'effectivePeriod', 'effectiveInstant', 'issued'], 'Procedure': ['performedDateTime', 'performedPeriod'],
         'Immunization': ['occurrenceDateTime', 'recorded'], 'Encounter': ['period']}
LASTING = {'conditions', 'medications', 'allergies'}
NOT_HAPPENED = {'not-done', 'not-taken', 'cancelled', 'draft', 'proposed', 'planned', 'rejected', 'revoked', 'declined'}
DAY = 86400
# to the first unit of each line, written here by hand
UNITS = {'mg/dL': ('mass/volume', 1), 'g/dL': ('mass/volume', 1000), 'g/L': ('mass/volume', 100), 'mg/L': ('mass/volume', .1), 'ug/dL': ('mass/volume', .001),
         'mmol/L': ('moles/volume', 1), 'umol/L': ('moles/volume', .001), 'kg': ('mass', 1), 'g': ('mass', .001), '[lb_av]': ('mass', .45359237),
         'cm': ('length', 1), 'm': ('length', 100), '[in_i]': ('length', 2.54), 'mm[Hg]': ('pressure', 1), 'kPa': ('pressure', 1 / .1333220),
         'Cel': ('temperature', 1), '%': ('fraction', .01), '10*3/uL': ('count', 1), '10*9/L': ('count', 1), '/min': ('rate', 1), 'mL/min': ('flow', 1), 'mL/min/{1.73_m2}': ('flow', 1), '{score}': ('fraction', 1)}
OTHERS = {'mg/dL': ['g/L', 'mg/L', 'g/dL'], 'kg': ['[lb_av]', 'g'], 'cm': ['m', '[in_i]'], 'mm[Hg]': ['kPa'], 'g/dL': ['g/L', 'mg/dL'], '10*3/uL': ['10*9/L']}
MOLES = {'2339-0': 180.156, '2345-7': 180.156, '38483-4': 113.12, '2160-0': 113.12, '2093-3': 386.65, '2085-9': 386.65, '18262-6': 386.65, '2571-8': 885.43}

# ---- dates: (first second, end, UTC moment, precision) ----
DATE = re.compile(r'(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(.*))?)?)?$')
def span(text):
    """days as written: first and end in seconds; then the moment in UTC at which it begins, and the precision"""
    m = DATE.match(text or '')
    if not m: return None
    y, mo, d, t = m.groups(); y = int(y)
    if not mo: return (secs(y, 1, 1), secs(y + 1, 1, 1), secs(y, 1, 1), 1)
    mo = int(mo); after = (y + 1, 1) if mo == 12 else (y, mo + 1)
    if not d: return (secs(y, mo, 1), secs(*after, 1), secs(y, mo, 1), 2)
    first = secs(y, mo, int(d))
    if not t: return (first, first + DAY, first, 3)
    iso = text.replace('Z', '+00:00')
    iso = re.sub(r'\.\d+', '', iso)
    at = datetime.fromisoformat(iso)
    at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    return (first, first + DAY, int(at.timestamp()), 4)
def secs(y, m, d): return (date(y, m, d) - date(1970, 1, 1)).days * DAY

# ---- a record as rows ----
def codings(concept): return [(c.get('system', ''), c['code']) for c in (concept or {}).get('coding', []) if 'code' in c]
def name(concept):
    if not concept: return ''
    if concept.get('text'): return concept['text']
    shown = [c['display'] for c in concept.get('coding', []) if c.get('display')]
    return shown[0] if shown else ''
def first(x): return x[0] if isinstance(x, list) and x else (x if not isinstance(x, list) else None)
def code_of(concept):
    found = [c['code'] for c in (concept or {}).get('coding', []) if c.get('code')]
    return found[0] if found else ''

def flatten(bundle):
    by_url = {}
    for e in bundle['entry']:
        r = e['resource']
        if e.get('fullUrl'): by_url[e['fullUrl']] = r
        if r.get('id'): by_url[f"{r['resourceType']}/{r['id']}"] = r
    rows, measures, seen, newest = [], [], {}, {}
    for i, e in enumerate(bundle['entry']):
        r = e['resource']
        if r['resourceType'] in KINDS: newest[(r['resourceType'], r['id'])] = i        # (no bundle here has two versions of one id)
    for i, e in enumerate(bundle['entry']):
        r = e['resource']; t = r['resourceType']
        if t not in KINDS or newest[(t, r['id'])] != i: continue
        verification = [c[1] for c in codings(r.get('verificationStatus'))]
        if r.get('status') == 'entered-in-error' or 'entered-in-error' in verification or 'refuted' in verification: continue
        kind = KINDS[t]
        concept = {'Immunization': r.get('vaccineCode'), 'Encounter': first(r.get('type'))}.get(t, r.get('code'))
        if kind == 'medications':
            concept = r.get('medicationCodeableConcept') or (by_url.get(r.get('medicationReference', {}).get('reference')) or {}).get('code')
        label = name(concept) or (r.get('medicationReference', {}).get('display') or '')
        if not label and not codings(concept) and t != 'Encounter': continue
        begin = end = None
        for key in DATES[t]:
            v = r.get(key)
            if isinstance(v, dict): begin, end = span(v.get('start')), span(v.get('end'))
            elif v: begin = span(v)
            if begin: break
            end = None
        if t == 'Condition': end = span(r.get('abatementDateTime') or r.get('abatementPeriod', {}).get('end')) or end
        if t == 'MedicationRequest' and not end:
            bounds = (first(r.get('dosageInstruction', [])) or {}).get('timing', {}).get('repeat', {}).get('boundsPeriod', {})
            end = span(bounds.get('end'))
        clinical = code_of(r.get('clinicalStatus'))
        status = clinical if t in ('Condition', 'AllergyIntolerance') else r.get('status', '')
        active = {'Condition': clinical in ('active', 'recurrence', 'relapse') if clinical else not end,
                  'AllergyIntolerance': clinical in ('', 'active')}.get(t, status in ('active', 'on-hold', 'intended'))
        if t.startswith('Medication') and r.get('doNotPerform') is True: status = 'cancelled'
        values = []
        if t == 'Observation':
            parts = [(None, r)] if 'valueQuantity' in r or 'valueInteger' in r else [(c.get('code'), c) for c in r.get('component', [])]
            for part_code, p in parts:
                q = p.get('valueQuantity') or ({'value': p['valueInteger']} if 'valueInteger' in p else None)
                if not q or 'value' not in q: continue
                ucum = q.get('system', '').endswith('unitsofmeasure.org')
                unit = q['code'] if q.get('code') and (ucum or not q.get('unit')) else q.get('unit', '')
                values.append((part_code, q['value'], unit, q.get('comparator', '')))
        # Copies: all that is said, but for ids and what the record keeps about itself.
        said = {k: v for k, v in r.items() if k not in ('id', 'meta', 'text', 'identifier', 'encounter', 'context', 'subject', 'patient', 'issued', 'recordedDate',
                'performer', 'recorder', 'asserter', 'requester', 'note', 'category', 'location', 'extension', 'basedOn', 'partOf', 'participant', 'hospitalization',
                'serviceProvider', 'primarySource', 'intent', 'reported', 'priority')}
        for k in ('code', 'vaccineCode', 'medicationCodeableConcept', 'reasonCode', 'type'):         # "Plain chest X-ray (procedure)" is a plain chest X-ray
            if k in said: said[k] = json.loads(SEMANTIC_TAG.sub(r'\1"', json.dumps(said[k])))
        if t == 'AllergyIntolerance': said = {k: said[k] for k in said if k in ('code', 'clinicalStatus', 'criticality', 'reaction', 'onsetDateTime', 'resourceType')}
        may_repeat = (begin and begin[3] >= 3) or kind in LASTING
        key = json.dumps([said, begin, end], sort_keys=True, default=str) if may_repeat else None
        ref = f'{t}/{r["id"]}'
        if key is not None and key in seen:
            rows[seen[key]]['sources'].append(ref); continue
        n = len(rows)
        if key is not None: seen[key] = n
        rows.append(dict(n=n, kind=kind, begin=begin, end=end, status=status, active=active, sources=[ref], codes=codings(concept), label=label))
        for code, value, unit, comparator in values:
            measures.append((n, codings(code) if code is not None else None, float(value), unit))
    return rows, measures

def load(rows, measures):
    db = sqlite3.connect(':memory:')
    db.executescript('''create table fact(n integer primary key, kind, first, end, moment, precision, e_first, e_end, active, happened);
                        create table coding(n, code, measure); create table measure(m integer primary key, n, value real, unit);
                        create index c on coding(code);''')
    for r in rows:
        b, e = r['begin'] or (None,) * 4, r['end'] or (None,) * 4
        db.execute('insert into fact values(?,?,?,?,?,?,?,?,?,?)', (r['n'], r['kind'], *b, e[0], e[1], r['active'], r['status'] not in NOT_HAPPENED))
    whole = {}
    for m, (n, codes, value, unit) in enumerate(measures):
        db.execute('insert into measure values(?,?,?,?)', (m, n, value, unit))
        if codes is None: whole[n] = m
        else:
            for _, c in codes: db.execute('insert into coding values(?,?,?)', (n, c, m))
    for r in rows:
        for _, c in r['codes']: db.execute('insert into coding values(?,?,?)', (r['n'], c, whole.get(r['n'])))
    return db

# ---- answers ----
def meant(db, what):
    """fact, measure (or None) of what is meant, before any date"""
    if what in KINDS.values():
        return db.execute('select n, null from fact where kind = ? and happened', (what,)).fetchall()
    return db.execute('select n, min(measure) from coding join fact using(n) where code = ? and happened group by n', (what,)).fetchall()
def answer(db, rows, q):
    verb, what, start, end, unit = q['verb'], q['what'], q['from'], q['to'], q.get('unit')
    a = span(start)[0] if start else -10**15; b = span(end)[1] if end else 10**15
    found = meant(db, what); measure_of = dict(found)
    marks = ','.join(str(n) for n, _ in found) or '-1'
    lasting = "kind in ('conditions','medications','allergies')"
    if verb == 'active':
        if not start:
            out = [(n, 1) for (n,) in db.execute(f'select n from fact where n in ({marks}) and {lasting} and active')]
        else:
            out = db.execute(f'''select n, (coalesce(end, {10**16}) <= :b and coalesce(e_first, case when active then {10**16} else {-10**16} end) >= :a)
                 from fact where n in ({marks}) and {lasting} and coalesce(first, {-10**16}) < :b and coalesce(e_end, {10**16}) > :a''', dict(a=a, b=b)).fetchall()
        return dict(items=[(n, bool(c)) for n, c in out], undated=0)
    dated = verb != 'count' or start or end
    stop = f'(case when e_end is null or {lasting} then end else e_end end)'; stop_first = f'(case when e_first is null or {lasting} then first else e_first end)'
    inside = db.execute(f'''select n, end <= :b and {stop_first} >= :a, moment, precision from fact where n in ({marks}) and first is not null
                            and first < :b and {stop} > :a order by moment, precision''', dict(a=a, b=b)).fetchall()
    undated = [n for (n,) in db.execute(f'select n from fact where n in ({marks}) and first is null')]
    if verb in ('count', 'between', 'trend'):
        items = [(n, bool(c)) for n, c, _, _ in inside] + ([] if dated else [(n, True) for n in undated])
    elif inside:
        chosen = inside[-1] if verb == 'latest' else inside[0]
        tied = [r for r in inside if r[2:] == chosen[2:]]
        c = clock(rows[chosen[0]])
        sure = all(r[2:] == chosen[2:] or not (clock(rows[r[0]])[1] > c[0] if verb == 'latest' else clock(rows[r[0]])[0] < c[1]) for r in inside)
        items = [(r[0], bool(r[1]) and sure) for r in tied]
    else: items = []
    out = dict(items=items, undated=len(undated) if dated else 0)
    if verb == 'trend': trend(db, rows, out, measure_of, what, unit)
    elif verb in ('latest', 'first'): numbers(db, out, measure_of, what, unit, rows)
    return out
def clock(row):
    f, e, moment, precision = row['begin']
    return (moment, moment + 1) if precision == 4 else (f, e)
def convert(value, source, target, code):
    if source == target: return value
    if source not in UNITS or target not in UNITS: return None
    (d1, f1), (d2, f2) = UNITS[source], UNITS[target]
    if d1 == d2: return value * f1 / f2
    if code in MOLES and {d1, d2} == {'mass/volume', 'moles/volume'}:      # mg/dL and mmol/L
        return value * f1 * 10 / MOLES[code] / f2 if d1 == 'mass/volume' else value * f1 * MOLES[code] / 10 / f2
    return None
def measured(db, out, measure_of):
    return [(n, *db.execute('select value, unit from measure where m = ?', (measure_of[n],)).fetchone()) for n, _ in out['items'] if measure_of.get(n) is not None]
def numbers(db, out, measure_of, what, unit, rows):
    found = measured(db, out, measure_of)
    if not unit and found: unit = max((rows[n]['begin'][2], rows[n]['begin'][3], rows[n]['sources'][0], u) for n, _, u in found)[3]
    same = {u for _, _, u in found}
    out['numbers'] = None if len(same) > 1 and not out.get('unit') and len({rows[n]['begin'][2] for n, _, _ in found}) == 1 and not unit else \
        {n: convert(v, u, unit, what) for n, v, u in found}
    out['loose'] = len(same) > 1
def trend(db, rows, out, measure_of, what, unit):
    found = measured(db, out, measure_of)
    order = sorted(found, key=lambda f: (rows[f[0]]['begin'][2], rows[f[0]]['begin'][3]))
    last = [f for f in order if f and rows[f[0]]['begin'][2:] == rows[order[-1][0]]['begin'][2:]] if order else []
    out['loose'] = len({u for _, _, u in last}) > 1            # which of two units at one moment is the last is nobody's to say
    if not unit and order: unit = order[-1][2]
    points = [(n, convert(v, u, unit, what)) for n, v, u in order]
    out['other_units'] = sum(v is None for _, v in points)
    points = [(n, v) for n, v in points if v is not None]
    certain = dict(out['items']); out['items'] = [(n, certain[n]) for n, _ in points]
    out['numbers'] = dict(points)
    t = [(clock(rows[n])[0] if rows[n]['begin'][3] == 4 else sum(clock(rows[n])) / 2) / (365.25 * DAY) for n, _ in points]; y = [v for _, v in points]
    k = len(y)
    if k == 0: out['trend'] = dict(direction='none'); return
    if k < 2 or max(t) - min(t) < 1e-9: out['trend'] = dict(direction='single'); return
    mt, my = sum(t) / k, sum(y) / k
    slope = sum((a - mt) * (b - my) for a, b in zip(t, y)) / sum((a - mt) ** 2 for a in t)
    rest = sum((b - my - slope * (a - mt)) ** 2 for a, b in zip(t, y)); change = slope * (max(t) - min(t))
    limits = (math.sqrt(rest / k) / 2, .02 * abs(my))
    near = any(abs(abs(change) - limit) < 1e-6 * (abs(limit) + abs(my)) for limit in limits)
    out['trend'] = dict(direction=None if near else 'steady' if abs(change) <= max(limits) else 'rising' if change > 0 else 'falling',
                        slope_a_year=slope, low=min(y), high=max(y), scale=abs(my) / (max(t) - min(t)))

# ---- disturbance ----
def disturb(bundle, rng):
    made = []
    for e in bundle['entry']:
        r = e['resource']; t = r['resourceType']
        if t not in KINDS: continue
        dice = rng.random()
        if dice < .03:                                        # a copy
            c = copy.deepcopy(e); c['resource']['id'] = r['id'] + '-copy'; c['fullUrl'] = 'urn:x:' + c['resource']['id']; c['resource'].pop('identifier', None); made.append(c)
        elif dice < .05:                                      # a copy that was never true
            c = copy.deepcopy(e); c['resource']['id'] = r['id'] + '-error'; c['fullUrl'] = 'urn:x:' + c['resource']['id']
            if t in ('Condition', 'AllergyIntolerance'): c['resource']['verificationStatus'] = {'coding': [{'code': rng.choice(['entered-in-error', 'refuted'])}]}
            else: c['resource']['status'] = 'entered-in-error'
            if t == 'Observation' and 'valueQuantity' in r: c['resource']['valueQuantity']['value'] = 9999
            made.append(c)
        elif dice < .06:                                      # the thing itself was never true
            if t in ('Condition', 'AllergyIntolerance'): r['verificationStatus'] = {'coding': [{'code': 'refuted'}]}
            else: r['status'] = 'entered-in-error'
        elif dice < .10:                                      # only the year, month or day is known
            for key in DATES[t] + ['abatementDateTime']:
                if isinstance(r.get(key), str): r[key] = r[key][:rng.choice([4, 7, 10])]
                elif isinstance(r.get(key), dict):
                    for side in r[key]: r[key][side] = r[key][side][:rng.choice([4, 7, 10])]
        elif dice < .14:                                      # another unit
            for p in [r] + r.get('component', []):
                q = p.get('valueQuantity')
                if not q or q.get('code') not in UNITS: continue
                code = next((c['code'] for c in p.get('code', {}).get('coding', [])), '')
                choices = OTHERS.get(q['code'], []) + (['mmol/L'] if q['code'] == 'mg/dL' and code in MOLES else [])
                if choices:
                    to = rng.choice(choices); q['value'] = round(convert(q['value'], q['code'], to, code), 6); q['unit'] = q['code'] = to; q['system'] = 'http://unitsofmeasure.org'
        elif dice < .15 and t in ('Procedure', 'Immunization'): r['status'] = 'not-done'
        elif dice < .15 and t == 'Condition': r.pop('onsetDateTime', None)
        elif dice < .16 and t == 'Condition': r.pop('abatementDateTime', None)
    bundle['entry'] += made
    rng.shuffle(bundle['entry'])

# ---- questions ----
def named_elsewhere(bundle):
    return {c for e in bundle['entry'] if e['resource']['resourceType'] not in KINDS for c in re.findall(r'"code": "([^"]*)"', json.dumps(e['resource']))}
def draw(rows, measures, rng, count, others):
    codes = sorted({c for r in rows for _, c in r['codes'] if ' ' not in c and c not in others}); numeric = sorted({c for n, cs, _, _ in measures for _, c in (cs if cs is not None else rows[n]['codes'])})
    years = [r['begin'][0] for r in rows if r['begin']] or [0]
    def day():
        d = date(1970, 1, 1).toordinal() + rng.randint(min(years), max(years) + 400 * DAY) // DAY
        return date.fromordinal(d).isoformat()[:rng.choice([4, 7, 10, 10])]
    out = []
    for _ in range(count):
        verb = rng.choice(['latest', 'latest', 'first', 'trend', 'trend', 'active', 'count', 'between'])
        q = dict(verb=verb, what=rng.choice(codes) if rng.random() < .8 else rng.choice(list(KINDS.values())), **{'from': None, 'to': None})
        if verb == 'trend' or (verb == 'latest' and rng.random() < .5): q['what'] = rng.choice(numeric) if numeric else q['what']
        if verb == 'active': q['what'] = rng.choice(['conditions', 'medications', 'allergies', q['what']])
        x, y = sorted((day(), day()), key=lambda d: span(d)[0])
        if verb == 'latest': q['to'] = x if rng.random() < .6 else None; text = f"latest {q['what']}" + (f' as-of {x}' if q['to'] else '')
        elif verb == 'first': q['from'] = x if rng.random() < .5 else None; text = f"first {q['what']}" + (f' since {x}' if q['from'] else '')
        elif verb == 'active': q['from'] = q['to'] = x if rng.random() < .8 else None; text = f"active {q['what']}" + (f' at {x}' if q['to'] else '')
        elif verb == 'between': q['from'], q['to'] = x, y; text = f"between {x} {y} {q['what']}"
        else:
            q['from'] = x if rng.random() < .5 else None; q['to'] = y if rng.random() < .5 else None
            text = f"{verb} {q['what']}" + (f' from {x}' if q['from'] else '') + (f' to {y}' if q['to'] else '')
        out.append((text, q))
    return out

def close(a, b, scale=0): return abs(a - b) <= 1e-9 * max(abs(a), abs(b)) + 1e-9 * scale + 1e-12
def compare(rows, expected, got):
    # Types that this script does not flatten (care teams, claims of devices) may have the code too.
    strange = sum(i['sources'][0].split('/')[0] not in KINDS for i in got['items'])
    if strange: got = dict(got, items=[i for i in got['items'] if i['sources'][0].split('/')[0] in KINDS], count=got['count'] - strange, certain=0, mixed=True)
    ours = sorted((sorted(i['sources']), i['certain']) for i in got['items'])
    theirs = sorted((sorted(rows[n]['sources']), c) for n, c in expected['items'])
    if expected.get('loose'): return None                      # two units at one moment
    if [o[0] for o in ours] != [t[0] for t in theirs]: return 'resources'
    if ours != theirs: return 'certainty'
    if got['undated'] != expected['undated']: return 'undated'
    if got['count'] != len(theirs) or not strange and got['certain'] != sum(t[1] for t in theirs): return 'counts'
    if expected.get('numbers'):
        by_source = {i['sources'][0]: i.get('number') for i in got['items']} | {s: i.get('number') for i in got['items'] for s in i['sources']}
        for n, v in expected['numbers'].items():
            o = by_source[rows[n]['sources'][0]]
            if (v is None) != (o is None) or (v is not None and not close(v, o)): return 'numbers'
    if 'trend' in expected:
        t, o = expected['trend'], got['trend']
        if t['direction'] is not None and t['direction'] != o['direction']: return 'direction'
        if 'slope_a_year' in t and not (close(t['slope_a_year'], o['slope_a_year'], 1e3 * t['scale']) and close(t['low'], o['low']) and close(t['high'], o['high'])): return 'slope'
    return None

def main():
    p = argparse.ArgumentParser(); here = os.path.dirname(os.path.abspath(__file__))
    p.add_argument('--consilium', default=os.path.join(here, '../../build/release/bin/consilium')); p.add_argument('--data', default=os.path.join(os.environ.get('CONSILIUM_DATA', os.path.join(here, '../../../shared/data')), 'fhir')); p.add_argument('--archive')
    p.add_argument('--questions', type=int, default=50000); p.add_argument('--patients', type=int, default=0); p.add_argument('--seed', type=int, default=1); p.add_argument('--show', type=int, default=10)
    a = p.parse_args(); rng = random.Random(a.seed); began = time.time()
    unpacked = tempfile.TemporaryDirectory()
    if a.archive and os.path.exists(f'{a.data}/{a.archive}.tar.xz'):
        with tarfile.open(f'{a.data}/{a.archive}.tar.xz') as t: t.extractall(unpacked.name)
    if a.archive: a.data = unpacked.name
    files = sorted(f for f in glob.glob(os.path.join(a.data, '**/*.json'), recursive=True) if os.path.getsize(f) < 20e6); rng.shuffle(files)
    if not files: print(f'skipped: no bundles under {a.data}'); return 0
    files = files[:a.patients] if a.patients else files
    each = -(-a.questions // len(files)); asked = compared = 0; wrong = {}; by_verb = {}; copies = errors = 0
    scratch = os.path.join(os.environ.get('TMPDIR', '/tmp'), f'timeline-{os.getpid()}.json')
    for f in files:
        bundle = json.load(open(f))
        if bundle.get('resourceType') != 'Bundle' or sum(e['resource']['resourceType'] == 'Patient' for e in bundle['entry']) != 1: continue
        disturb(bundle, rng); json.dump(bundle, open(scratch, 'w'))
        rows, measures = flatten(bundle); db = load(rows, measures); copies += sum(len(r['sources']) - 1 for r in rows)
        questions = draw(rows, measures, rng, each, named_elsewhere(bundle)) if any(r['codes'] for r in rows) else []
        run = subprocess.run([a.consilium, 'timeline', scratch, '--json', '--ask', '-'], input=''.join(t + '\n' for t, _ in questions), capture_output=True, text=True)
        lines = run.stdout.splitlines()
        if len(lines) != len(questions): print(f'{os.path.basename(f)}: {len(lines)} answers to {len(questions)} questions; {run.stderr[:200]}'); wrong['no answer'] = wrong.get('no answer', 0) + len(questions); continue
        for (text, q), line in zip(questions, lines):
            asked += 1; got = json.loads(line); expected = answer(db, rows, q)
            what = 'error' if 'error' in got else compare(rows, expected, got)
            by_verb[q['verb']] = by_verb.get(q['verb'], 0) + 1
            if what:
                wrong[what] = wrong.get(what, 0) + 1
                if sum(wrong.values()) <= a.show:
                    ours = {tuple(sorted(i['sources'])): i for i in got.get('items', [])}; theirs = {tuple(sorted(rows[n]['sources'])) for n, _ in expected['items']}
                    print(f'{what}: {os.path.basename(f)[:40]}: {text}: ours {got.get("count")} theirs {len(expected["items"])}; only ours {[k for k in ours if k not in theirs][:2]}, only theirs {[k for k in theirs if k not in ours][:2]}; {got.get("trend")} {expected.get("trend")}')
    if os.path.exists(scratch): os.remove(scratch)
    print(f'{asked} questions of {len(files)} records ({copies} copies) in {time.time() - began:.0f} s: {sum(wrong.values())} differ {wrong or ""}; by verb {by_verb}')
    return 1 if wrong or asked == 0 else 0
if __name__ == '__main__': sys.exit(main())
