#!/usr/bin/env python3
"""Every rendered line of every patient resolves to resource, path and value.

    tests/golden/context_provenance.py [--consilium build/release/bin/consilium] [--data ../shared/data] [--questions N]

Each bundle of the data's FHIR archives is asked with a budget that holds all of it, and questions at 600 and 4,000 tokens. Of each
line, every fact that it cites must be a resource of that very bundle (with all the resources that say the same), its path must lead
to a member of that resource, its date must be one of the resource's, and the numbers of its value must stand in the
resource or in what it names, rounded as they are told; the facts that the line tells one by one must have their day in its text. The reading of
the resources here is Python's own. Exits with 1 when one does not."""
import argparse, json, os, re, subprocess, sys, tarfile, tempfile

ASK = (('everything', 4000000), ('What is the latest blood pressure?', 600), ('Any history of heart disease, diabetes or smoking?', 4000))


def leads(resource, path):
    """Whether "Observation.component" leads somewhere; choices and parts of lists are any of theirs."""
    steps = path.split('.')
    if steps[0] != resource.get('resourceType'):
        return False
    at = [resource]
    for step in steps[1:]:
        name = re.sub(r'\[.*?\]|\(.*?\)', '', step)
        below = []
        for one in at:
            for item in one if isinstance(one, list) else [one]:
                if isinstance(item, dict) and name in item:
                    below += item[name] if isinstance(item[name], list) else [item[name]]
        at = below
    return bool(at)


def texts(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield str(value)


def numbers_of(text):
    return {n.rstrip('0').rstrip('.') if '.' in n else n for n in re.findall(r'\d+(?:\.\d+)?', text)}


def stands_among(number, numbers):
    """As it is, or as one of them that was rounded to so many places when it was told."""
    if number in numbers:
        return True
    places = len(number.partition('.')[2])
    return any(abs(float(n) - float(number)) <= 0.500001 * 10 ** -places for n in numbers if '.' in n)


def day(date):
    return re.sub(r'T.*', '', date)


def lengths(value):
    """A report's "16 results" counts what it lists."""
    if isinstance(value, dict):
        value = list(value.values())
    elif isinstance(value, list):
        yield str(len(value))
    else:
        return
    for item in value:
        yield from lengths(item)


class Bundle:
    def __init__(self, root):
        self.by_reference = {}
        for entry in root.get('entry', []):
            r = entry.get('resource') or {}
            url = entry.get('fullUrl', '')
            for name in (f"{r.get('resourceType')}/{r.get('id')}", f"{r.get('resourceType')}/{url.removeprefix('urn:uuid:')}", url):
                self.by_reference.setdefault(name, r)
        self.said = {}

    def words(self, reference):
        """All that the resource says, and what it names says: a dose may be told of a medication by itself."""
        if reference not in self.said:
            resource = self.by_reference[reference]
            found, seen, next_ = [], set(), [resource]
            for _ in range(3):
                this, next_ = next_, []
                for r in this:
                    if id(r) in seen:
                        continue
                    seen.add(id(r))
                    for text in texts(r):
                        found.append(text)
                        other = self.by_reference.get(text) or self.by_reference.get('/'.join(text.split('/')[-2:]))
                        if other is not None:
                            next_.append(other)
            text = '\n'.join(found)
            self.said[reference] = (text, numbers_of(text) | set(lengths(resource)))
        return self.said[reference]


def check(bundle, line, problems):
    for place, fact in enumerate(line['facts']):
        for reference in fact['sources']:
            if reference not in bundle.by_reference:
                problems['reference'].append(reference)
        reference = fact['sources'][0]
        if reference not in bundle.by_reference:
            continue
        resource = bundle.by_reference[reference]
        if not leads(resource, fact['path']):
            problems['path'].append((reference, fact['path']))
        said, numbers = bundle.words(reference)
        if fact['date'] and fact['date'] not in said:
            problems['date'].append((reference, fact['date']))
        lost = [n for n in numbers_of(fact['value']) if not stands_among(n, numbers)]
        if lost:
            problems['value'].append((reference, fact['value'], lost))
        if place < line['told'] and len(line['facts']) > 1 and place in (0, line['told'] - 1) and fact['date'] and day(fact['date']) not in line['text'] \
                and not any(day(f['date']) in line['text'] for f in line['facts'][:line['told']]):
            problems['day'].append((reference, fact['date'], line['text'][:80]))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--consilium', default='build/release/bin/consilium')
    p.add_argument('--data', default=os.environ.get('CONSILIUM_DATA', '../shared/data'))
    p.add_argument('--patients', type=int, default=0, help='of each archive, at most; 0: all')
    a = p.parse_args()
    problems = {kind: [] for kind in ('error', 'reference', 'path', 'date', 'value', 'day')}
    patients = lines = facts = 0
    with tempfile.TemporaryDirectory() as folder:
        command = subprocess.Popen([a.consilium, 'context'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for archive in sorted(os.listdir(f'{a.data}/fhir')):
            if not archive.endswith('.tar.xz'):
                continue
            with tarfile.open(f'{a.data}/fhir/{archive}') as tar:
                for n, member in enumerate(m for m in tar if m.name.endswith('.json')):
                    if a.patients and n >= a.patients:
                        break
                    text = tar.extractfile(member).read()
                    root = json.loads(text)
                    if root.get('resourceType') != 'Bundle':
                        continue
                    path = f'{folder}/bundle-{archive}-{n}.json'
                    with open(path, 'wb') as file:
                        file.write(text)
                    bundle = Bundle(root)
                    for question, budget in ASK:
                        command.stdin.write(json.dumps({'bundles': [path], 'question': question, 'budget': budget, 'lines': True}) + '\n')
                        command.stdin.flush()
                        answer = json.loads(command.stdout.readline())
                        if 'error' in answer:
                            problems['error'].append(answer['error'])
                            break
                        for line in answer['lines']:
                            check(bundle, line, problems)
                            lines += 1
                            facts += len(line['facts'])
                            if f"[{line['id']}] {line['text']}\n" not in answer['text'] or not line['facts']:
                                problems['reference'].append(('line', line['id']))
                    else:
                        patients += 1
                    os.unlink(path)
        command.stdin.close()
        command.wait()
    print(f'{patients} patients, {lines} lines, {facts} facts cited')
    for kind, items in problems.items():
        print(f'{len(items):8} whose {kind} does not resolve' if kind != 'error' else f'{len(items):8} bundles refused', *(['for example', *items[:4]] if items else []))
    sys.exit(any(problems.values()))


main()
