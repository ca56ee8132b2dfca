#!/usr/bin/env python3
"""Evidence recall over topics of every field: does what answers a clinician's question reach the slice?

    tests/golden/context_topics.py [--consilium build/release/bin/consilium] [--graft ../shared/bench/ecqm_graft.py] [--data ../shared/data]
                                   [--work FOLDER] [--without SIGNALS] [--show]

context_topics.txt has for each topic a question and the few facts that answer it, by their codes (a third of them without words, as
measure cases have them); they are put into a composite record of ten thousand resources (as context_recall.py makes them, in the same
FOLDER) and asked for at 4,000 and 8,000 tokens of four characters. What answers a question was written down with it, before anything
was asked. Three parts: questions that were looked at while rules were written, those that were scored first and looked at then, and
those that were written when all rules were there and only scored."""
import argparse, json, os, re, subprocess, sys

BUDGETS = (4000, 8000)
SYSTEMS = {'icd10': 'http://hl7.org/fhir/sid/icd-10-cm', 'icd10pcs': 'http://www.cms.gov/Medicare/Coding/ICD10', 'sct': 'http://snomed.info/sct',
           'loinc': 'http://loinc.org', 'rx': 'http://www.nlm.nih.gov/research/umls/rxnorm', 'cpt': 'http://www.ama-assn.org/go/cpt',
           'hcpcs': 'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets', 'cvx': 'http://hl7.org/fhir/sid/cvx'}


def value_of(text):
    number = re.fullmatch(r'(-?[\d.]+)(?: (\S+))?', text)
    if not number:
        return {'valueString': text}
    return {'valueQuantity': {'value': float(number[1]), **({'unit': number[2]} if number[2] else {})}}


def resource(name, row, patient):
    kind, system, code, words, date, more = row
    concept = {'coding': [{'system': SYSTEMS[system], 'code': code, **({'display': words} if words else {})}]}
    subject = {'reference': f'Patient/{patient}'}
    kinds = {
        'C': lambda: ('Condition', {'clinicalStatus': {'coding': [{'code': 'active'}]}, 'code': concept, 'subject': subject, 'onsetDateTime': date}),
        'O': lambda: ('Observation', {'status': 'final', 'code': concept, 'subject': subject, 'effectiveDateTime': date, **value_of(more)}),
        'M': lambda: ('MedicationRequest', {'status': 'completed' if more == 'discharge' else 'active', 'intent': 'order', 'medicationCodeableConcept': concept,
                                            'subject': subject, 'authoredOn': date,
                                            'category': [{'coding': [{'code': 'discharge' if more == 'discharge' else 'community'}]}]}),
        'A': lambda: ('MedicationAdministration', {'status': 'completed', 'medicationCodeableConcept': concept, 'subject': subject, 'effectiveDateTime': date}),
        'P': lambda: ('Procedure', {'status': 'completed', 'code': concept, 'subject': subject, 'performedDateTime': date}),
        'E': lambda: ('Encounter', {'status': 'finished', 'class': {'code': more or 'AMB'}, 'type': [concept], 'subject': subject, 'period': {'start': date, 'end': date}}),
        'V': lambda: ('Immunization', {'status': 'completed', 'vaccineCode': concept, 'patient': subject, 'occurrenceDateTime': date}),
        'S': lambda: ('ServiceRequest', {'status': 'completed', 'intent': 'order', 'code': concept, 'subject': subject, 'authoredOn': date}),
        'D': lambda: ('DeviceRequest', {'status': 'completed', 'intent': 'order', 'codeCodeableConcept': concept, 'subject': subject, 'authoredOn': date}),
        'R': lambda: ('DiagnosticReport', {'status': 'final', 'code': concept, 'subject': subject, 'effectiveDateTime': date}),
        'N': lambda: ('Communication', {'status': 'completed', 'reasonCode': [concept], 'subject': subject, 'sent': date}),
        'T': lambda: ('Task', {'status': 'completed', 'intent': 'order', 'code': concept, 'for': subject, 'authoredOn': date}),
        'L': lambda: ('AllergyIntolerance', {'code': concept, 'patient': subject, 'recordedDate': date}),
    }
    kind, members = kinds[kind]()
    return {'resourceType': kind, 'id': name, **members}


def read_topics(path):
    topics, part = [], ''
    for line in open(path, encoding='utf-8'):
        line = line.rstrip('\n')
        if line.startswith('== '):
            part = line[3:]
        elif '|' in line and not line.startswith('#'):
            topics[-1]['rows'].append((line.split('|') + [''] * 6)[:6])
        elif line and not line.startswith('#'):
            name, question = line.split(';', 1)
            topics.append({'part': part, 'id': name.strip(), 'question': question.strip(), 'rows': []})
    return topics


def write_cases(topics, work):
    for n, topic in enumerate(topics):
        resources = [resource(f'{topic["id"]}-{i}', row, f'composite-{n % 3}') for i, row in enumerate(topic['rows'])]
        topic['gold'] = {f'{r["resourceType"]}/{r["id"]}': '|'.join(row) for r, row in zip(resources, topic['rows'])}
        topic['bundles'] = [f'base-{n % 3}.json', f'topic-{topic["id"]}.json']
        with open(f'{work}/{topic["bundles"][1]}', 'w') as file:
            json.dump({'resourceType': 'Bundle', 'type': 'collection', 'entry': [{'resource': r} for r in resources]}, file)


def ask(a, topics, budget):
    lines = ''.join(json.dumps({'id': t['id'], 'bundles': t['bundles'], 'question': t['question'], 'budget': budget, 'tokens': 'chars4'}) + '\n'
                    for t in sorted(topics, key=lambda t: t['bundles']))
    command = [a.consilium, 'context', '--folder', a.work] + (['--without', a.without] if a.without else [])
    run = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    answers = {x['id']: x for x in map(json.loads, run.stdout.splitlines())}
    if len(answers) != len(topics) or any(len(x['text']) > 4 * budget for x in answers.values()):
        sys.exit(f'{len(answers)} answers to {len(topics)} questions, or one over the budget')
    return answers


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--consilium', default='build/release/bin/consilium')
    p.add_argument('--data', default=os.environ.get('CONSILIUM_DATA', '../shared/data'))
    p.add_argument('--graft', default=None)
    p.add_argument('--work', default='/tmp/consilium-recall')
    p.add_argument('--seed', type=int, default=7)
    p.add_argument('--per-measure', type=int, default=4)
    p.add_argument('--without', default='')
    p.add_argument('--show', action='store_true', help='what is missing')
    a = p.parse_args()
    a.graft = a.graft or os.path.join(a.data, '..', 'bench', 'ecqm_graft.py')
    if not os.path.exists(a.graft):
        print('skipped: ecqm_graft.py is not there (set CONSILIUM_DATA)')
        return
    sys.path.insert(0, here)
    from context_recall import build
    build(a)
    topics = read_topics(os.path.join(here, 'context_topics.txt'))
    write_cases(topics, a.work)
    for budget in BUDGETS:
        answers = ask(a, topics, budget)
        for part in dict.fromkeys(t['part'] for t in topics):
            own = [t for t in topics if t['part'] == part]
            found = [len(t['gold'].keys() & set(answers[t['id']]['refs'])) / len(t['gold']) for t in own]
            print(f'{budget} tokens, {part}: recall {sum(found) / len(own):.3f}, all {sum(f == 1 for f in found) / len(own):.3f} ({len(own)})')
        for t in topics if a.show else ():
            for reference, row in t['gold'].items():
                if reference not in answers[t['id']]['refs']:
                    print(f'    {t["id"]}: {t["question"]}  {row}')


if __name__ == '__main__':
    main()
