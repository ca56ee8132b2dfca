#!/usr/bin/env python3
"""Questions in lay words, abbreviations and brand names about Synthea's patients, a fifth of them about what the record does not hold.

    tests/golden/context_lay.py [--consilium build/release/bin/consilium] [--data ../shared/data] [--work FOLDER] [--questions 3000] [--forms] [--show]

Truth comes from the raw JSON by expressions of context_lay.json over codings' displays, which know nothing of the service's tables. A topic is
answerable for a patient whose record has a resource of its type that "is" it; it is unanswerable where no display anywhere in the record
has anything of "not". Gold is the newest resource of each distinct display. Each topic's phrasings are in two halves: KNOWN, which were looked at
while rules were written, and HELD, which were only scored. --forms asks about the 146 topics of context_lay_forms.json instead, of
which many are rare: every form of a question of their type with every word for them, and as many unanswerable as answerable; LATER are forms and words that were
written when all rules were there. Evidence is what the answer marks as bearing on the question (its "evidence"): other
references are standing context. Prints, at a budget of 2,000 tokens of four characters: recall of gold among all references and among
evidence, and the share of unanswerable questions for which any evidence was offered."""
import argparse, collections, json, os, random, re, subprocess, tarfile


HALVES = ('known', 'held', 'later')


def displays(value):
    if isinstance(value, dict):
        for k in ('display', 'text'):
            if isinstance(value.get(k), str):
                yield value[k].lower()
        for k, v in value.items():
            if k not in ('subject', 'patient', 'performer', 'requester', 'recorder', 'serviceProvider', 'participant', 'provider', 'insurer', 'text'):
                yield from displays(v)
            elif k == 'text' and isinstance(v, dict) and 'div' not in v:
                yield from displays(v)
    elif isinstance(value, list):
        for v in value:
            yield from displays(v)


def name(r):
    code = r.get('code') or r.get('medicationCodeableConcept') or r.get('vaccineCode') or {}
    return ((code.get('coding') or [{}])[0].get('display') or code.get('text') or '').lower()


def day(r):
    return max(re.findall(r'\d{4}-\d\d-\d\d', json.dumps({k: v for k, v in r.items() if k != 'meta'})) or [''])


def gold(rs, topic):
    newest = {}
    for r in rs:
        if r['resourceType'] == topic['type'] and re.search(topic['is'], name(r)) and r.get('status') not in ('entered-in-error', 'not-done', 'cancelled'):
            if name(r) not in newest or day(r) >= day(newest[name(r)]):
                newest[name(r)] = r
    return sorted(f"{r['resourceType']}/{r['id']}" for r in newest.values())


def expand(forms, topic):
    """Every form of its type with every word for it."""
    return dict(topic, **{half: [f.replace('{}', w) for f in forms[topic['type']][half] for w in topic[half]] for half in HALVES if half in topic})


def read_topics(a):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'context_lay_forms.json' if a.forms else 'context_lay.json')) as f:
        topics = json.load(f)
    return [expand(topics['forms'], t) for t in topics['topics']] if a.forms else topics


def build(a, topics):
    rng, answerable, not_there = random.Random(7), collections.defaultdict(list), collections.defaultdict(list)
    os.makedirs(a.work, exist_ok=True)
    for archive in ('synthea-smart-r4', 'synthea-spezi-r4'):
        with tarfile.open(f'{a.data}/fhir/{archive}.tar.xz') as t:
            for i, m in enumerate(x for x in t if x.name.endswith('.json')):
                text = t.extractfile(m).read()
                try:
                    rs = [e['resource'] for e in json.loads(text).get('entry', [])]
                except (ValueError, KeyError):
                    continue
                if not any(r['resourceType'] == 'Patient' for r in rs):
                    continue
                path = f'{a.work}/{archive}-{i}.json'
                open(path, 'wb').write(text)
                said = set(d for r in rs for d in displays(r))
                for topic in topics:
                    found = gold(rs, topic)
                    if found:
                        answerable[topic['topic']].append((path, found))
                    elif not any(re.search(topic['not'], d) for d in said):
                        not_there[topic['topic']].append((path, []))
    tasks = []
    for half, topic in [(h, t) for t in topics for h in HALVES[:2]] + [('later', t) for t in topics if 'later' in t]:
        per = max(1, a.questions // (2 * len(topics)))
        for pool, count in ((answerable, per // 2), (not_there, per // 2)) if a.forms else ((answerable, per * 4 // 5), (not_there, per // 5)):
            pool = pool[topic['topic']]
            for path, found in rng.sample(pool, min(count, len(pool))):
                tasks.append({'id': len(tasks), 'half': half, 'topic': topic['topic'], 'bundles': [path], 'gold': found,
                              'question': rng.choice(topic[half]), 'budget': 2000, 'tokens': 'chars4'})
    tasks.sort(key=lambda t: t['bundles'])
    return tasks


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--consilium', default='build/release/bin/consilium')
    p.add_argument('--data', default=os.environ.get('CONSILIUM_DATA', '../shared/data'))
    p.add_argument('--work', default='/tmp/consilium-lay')
    p.add_argument('--questions', type=int, default=3000)
    p.add_argument('--forms', action='store_true')
    p.add_argument('--show', action='store_true', help='print what went wrong, of the known half')
    a = p.parse_args()
    topics = read_topics(a)
    if not os.path.exists(f'{a.data}/fhir'):
        print('skipped: no records (set CONSILIUM_DATA)')
        return
    kept = f'{a.work}/tasks{"-forms" if a.forms else ""}.json'
    if os.path.exists(kept):
        tasks = json.load(open(kept))
    else:
        tasks = build(a, topics)
        json.dump(tasks, open(kept, 'w'))
    ask = ''.join(json.dumps({k: t[k] for k in ('id', 'bundles', 'question', 'budget', 'tokens')}) + '\n' for t in tasks)
    out = subprocess.run([a.consilium, 'context'], input=ask, capture_output=True, text=True, check=True).stdout
    answers = {x['id']: x for x in map(json.loads, out.splitlines())}
    assert len(answers) == len(tasks) and all(len(x['text']) <= 8000 for x in answers.values())
    wrong = collections.Counter()
    for half in [h for h in HALVES if any(t['half'] == h for t in tasks)]:
        n = none = offered = 0
        refs = evidence = 0.0
        for t in tasks:
            if t['half'] != half:
                continue
            x, g = answers[t['id']], set(t['gold'])
            if g:
                n += 1
                refs += len(g & set(x['refs'])) / len(g)
                part = len(g & set(x['evidence'])) / len(g)
                evidence += part
                wrong['missed', half, t['topic'], t['question']] += part < 1
            else:
                none += 1
                offered += bool(x['evidence'])
                wrong['offered', half, t['topic'], t['question']] += bool(x['evidence'])
        print(f'{half:6} {n} answerable: recall {refs / n:.4f}, as evidence {evidence / n:.4f}; {none} unanswerable: evidence offered {offered / none:.4f}')
    for key, count in sorted(wrong.items(), key=lambda kv: -kv[1]) if a.show else ():
        if count and key[1] == 'known':
            print(count, *key)


if __name__ == '__main__':
    main()
