#!/usr/bin/env python3
"""Evidence recall of `consilium context` on measure cases hidden in long records.

    tests/golden/context_recall.py [--consilium build/release/bin/consilium] [--graft ../shared/bench/ecqm_graft.py]
                                   [--data ../shared/data] [--work FOLDER] [--seed N] [--without SIGNALS]
                                   [--each] [--told] [--ablate] [--baselines] [--rephrased]

Builds the tasks with ecqm_graft.py (kept in FOLDER for the next run), asks each at 4,000 and 8,000 tokens of four characters, and
prints recall of the evidence and the share of tasks with all of it. Measures are in two halves by a hash of their name: LOOKED AT
(their questions and cases were read while rules were written) and ONLY SCORED. --baselines prints BM25 with recency, and recency
alone, over one line a resource; --ablate leaves out one signal of the ranking after the other; --each prints every measure; --told counts
only facts whose value or date a line tells, and not what it sums up besides.
--rephrased asks every question in nine other ways: five written ones (context_rephrased.json: a lay person's, terse, abbreviated,
long-winded, turned round) and four made of the first (in small talk, its content words alone and shuffled, without marks or capitals, misspelt:
a letter left out, doubled, swapped or another in half of the words of six letters and more).

A budget is checked here, from the text that came back: len(text) / 4."""
import argparse, collections, hashlib, json, math, os, random, re, subprocess, sys

BUDGETS = (4000, 8000)
SIGNALS = ('things', 'words', 'concepts', 'needs', 'kind', 'standing', 'limits', 'visits', 'unnamed', 'recency', 'time', 'notes', 'near', 'spelling')
HALVES = ((1, 'looked at'), (0, 'only scored'))


def half(measure):
    return hashlib.sha256(measure.encode()).digest()[0] & 1


def build(a):
    if os.path.exists(f'{a.work}/tasks.ndjson'):
        return
    os.makedirs(a.work, exist_ok=True)
    subprocess.run([sys.executable, a.graft, f'{a.data}/context/ecqm_cases_dev.ndjson.xz', f'{a.data}/context/ecqm_questions_dev.json',
                    f'{a.data}/fhir/synthea-smart-r4.tar.xz', a.work, '--per-measure', str(a.per_measure), '--seed', str(a.seed)], check=True)


# ---- the questions in other words

WRITTEN = ('lay', 'terse', 'abbreviated', 'long-winded', 'turned round')
MADE = ('small talk', 'shuffled', 'bare', 'misspelt')
TALK = (('Hi, sorry to bother you, I am covering for a colleague today and was handed this chart an hour ago. ', ' Thanks a lot, I have to call the family back soon.'),
        ('Good morning! Quick one before rounds if you do not mind: ', ' No rush, whenever you get to it.'),
        ('I was asked about this in the meeting yesterday and could not find it myself: ', ' Please point me to the places in the record.'))
SMALL = set('a about after all an and any are as at be been before by can did do does for from given go had has have he her him his how in into is it its kept long many not of on once one or '
            'over same she should so some the their there this to up was were what when whether which while who why will with within year'.split())


def misspell(word, rng):
    at = rng.randrange(1, len(word) - 1)  # first and last letters are hardly ever wrong
    return rng.choice((word[:at] + word[at + 1:], word[:at] + word[at] + word[at:], word[:at] + word[at + 1] + word[at] + word[at + 2:],
                       word[:at] + rng.choice('aeiourstln') + word[at + 1:]))


def rephrased(question, style, written):
    """A colleague's way to ask the same; made ways are the same for the same question in every run."""
    if style in WRITTEN:
        return written[WRITTEN.index(style)]
    rng = random.Random(question)
    if style == 'small talk':
        before, after = rng.choice(TALK)
        return before + question + after
    if style == 'misspelt':
        return re.sub(r'[A-Za-z]{6,}', lambda m: misspell(m[0], rng) if rng.random() < 0.5 else m[0], question)
    words = re.findall(r"[\w/'-]+", question)
    if style == 'bare':
        return ' '.join(words).lower()
    words = [w for w in words if w.lower() not in SMALL]
    rng.shuffle(words)
    return ' '.join(words)


def report_rephrased(a, tasks, budget):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'context_rephrased.json')) as f:
        written = json.load(f)
    for style in WRITTEN + MADE:
        other = [dict(t, question=rephrased(t['question'], style, written[t['measure']])) for t in tasks]
        answers = ask(a, other, budget, a.without)
        print(f'  {style:12}              {report(other, answers)}', flush=True)
        if a.each:
            print_each(other, answers)


def references_of(answer, told):
    if not told:
        return set(answer['refs'])
    return {s for line in answer['lines'] for fact in line['facts'][:line['told']] for s in fact['sources']}


def ask(a, tasks, budget, without):
    lines = ''.join(json.dumps({'id': t['id'], 'bundles': t['bundles'], 'question': t['question'], 'budget': budget, 'tokens': 'chars4',
                                'lines': a.told}) + '\n' for t in tasks)
    command = [a.consilium, 'context', '--folder', a.work] + (['--without', without] if without else [])
    run = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    answers, over = {}, 0
    for x in map(json.loads, run.stdout.splitlines()):
        answers[x['id']] = references_of(x, a.told)
        over += len(x['text']) > 4 * budget
    if over or len(answers) != len({t['id'] for t in tasks}):
        sys.exit(f'{over} answers over the budget of {budget}, {len(answers)} answers')
    return answers


def report(tasks, answers):
    sums = {0: [0, 0, 0], 1: [0, 0, 0]}
    for t in tasks:
        s, gold = sums[half(t['measure'])], set(t['gold'])
        found = len(gold & answers.get(t['id'], set()))
        s[0] += 1; s[1] += found / len(gold); s[2] += found == len(gold)
    return '   '.join(f'{name} {s[1] / s[0]:.3f}, all {s[2] / s[0]:.3f} ({s[0]})' for h, name in HALVES for s in [sums[h]])


def print_each(tasks, answers):
    each = collections.defaultdict(list)
    for t in tasks:
        if half(t['measure']) == 1:
            each[t['measure']].append(len(set(t['gold']) & answers[t['id']]) / len(t['gold']))
    for m in sorted(each):
        print(f'    {sum(each[m]) / len(each[m]):.3f}  {m}')


# ---- the baselines: one line a resource, whole lines while they fit

def words(text):
    return re.findall(r'[a-z0-9]+', text.lower())


def strings(value):
    if isinstance(value, dict):
        for k, v in value.items():
            if k not in ('system', 'reference', 'id', 'url', 'version', 'meta', 'fullUrl'):
                yield from strings(v)
    elif isinstance(value, list):
        for v in value:
            yield from strings(v)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield str(value)


def lines_of(path, kept):
    if path not in kept:
        rows = []
        for e in json.load(open(path))['entry']:
            r = e['resource']
            text = r['resourceType'] + ' ' + ' '.join(dict.fromkeys(strings(r)))
            dates = re.findall(r'\d{4}-\d\d-\d\d', json.dumps(r))
            label = r.get('code') or r.get('medicationCodeableConcept') or r.get('vaccineCode') or (r.get('type') or [{}])[0]
            shown = f"{dates[0] if dates else ''} {r['resourceType']}: {' '.join(dict.fromkeys(strings(label)))[:90]} {' '.join(strings(r.get('valueQuantity', r.get('valueCodeableConcept', ''))))[:40]}"
            rows.append((f"{r['resourceType']}/{r.get('id')}", dates[0] if dates else '', collections.Counter(words(text)), len(shown) + 6))
        kept[path] = rows
    return kept[path]


def baseline(a, tasks, budget, k_words):
    kept, answers = {}, {}
    for t in tasks:
        rows = [r for b in t['bundles'] for r in lines_of(f'{a.work}/{b}', kept)]
        if len(kept) > 8:
            kept.pop(next(p for p in kept if '/case' in p), None)
        asked, n = set(words(t['question'])), len(rows)
        average = sum(sum(r[2].values()) for r in rows) / n
        idf = {}
        for w in asked:
            df = sum(w in r[2] for r in rows)
            idf[w] = math.log(1 + (n - df + 0.5) / (df + 0.5))
        age = {d: i / n for i, d in enumerate(sorted(r[1] for r in rows))}
        def score(r):
            size = sum(r[2].values())
            bm25 = sum(idf[w] * r[2][w] * 2.2 / (r[2][w] + 1.2 * (0.25 + 0.75 * size / average)) for w in asked if w in r[2])
            return k_words * bm25 + age[r[1]]
        left, refs = 4 * budget, set()
        for r in sorted(rows, key=score, reverse=True):
            if r[3] <= left:
                left -= r[3]; refs.add(r[0])
            if left < 20:
                break
        answers[t['id']] = refs
    return answers


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--consilium', default='build/release/bin/consilium')
    p.add_argument('--data', default=os.environ.get('CONSILIUM_DATA', '../shared/data'))
    p.add_argument('--graft', default=None)
    p.add_argument('--work', default='/tmp/consilium-recall')
    p.add_argument('--per-measure', type=int, default=4)
    p.add_argument('--seed', type=int, default=7)
    p.add_argument('--without', default='')
    for flag in ('each', 'told', 'ablate', 'baselines', 'rephrased'):
        p.add_argument('--' + flag, action='store_true')
    a = p.parse_args()
    a.graft = a.graft or os.path.join(a.data, '..', 'bench', 'ecqm_graft.py')
    if not os.path.exists(a.graft):
        print('skipped: ecqm_graft.py is not there (set CONSILIUM_DATA)')
        return
    build(a)
    tasks = [json.loads(l) for l in open(f'{a.work}/tasks.ndjson')]
    for t in tasks:
        t['id'] = t['id'] + '@' + t['bundles'][-1]
    tasks.sort(key=lambda t: t['bundles'][0])
    for budget in BUDGETS:
        answers = ask(a, tasks, budget, a.without)
        print(f'{budget} tokens                 {report(tasks, answers)}', flush=True)
        if a.each:
            print_each(tasks, answers)
        if a.rephrased:
            report_rephrased(a, tasks, budget)
        for without in SIGNALS if a.ablate else ():
            print(f'  without {without:10}        {report(tasks, ask(a, tasks, budget, without))}', flush=True)
        for without in ('', 'spelling') if a.ablate else ():
            other = [dict(t, question=rephrased(t['question'], 'misspelt', ())) for t in tasks]
            print(f'  misspelt, without {without:7} {report(other, ask(a, other, budget, without))}', flush=True)
        if a.ablate:
            print(f'  recency alone of ours     {report(tasks, ask(a, tasks, budget, ",".join(s for s in SIGNALS if s != "recency")))}', flush=True)
        if a.baselines:
            print(f'  BM25 with recency         {report(tasks, baseline(a, tasks, budget, 1.0))}', flush=True)
            print(f'  recency alone             {report(tasks, baseline(a, tasks, budget, 0.0))}', flush=True)


if __name__ == '__main__':
    main()
