#!/usr/bin/env python3
"""Every resource of HL7's own R4 examples becomes a fact or is counted with its reason.

    npm pack hl7.fhir.r4.examples
    tests/golden/context_examples.py hl7.fhir.r4.examples-4.0.1.tgz [--bench build/release/bench/context_bench]

Each resource goes into a bundle of its own; those inside example Bundles too. Exits with 1 when one is refused, or when facts and
reasons do not add up."""
import argparse, json, os, re, subprocess, sys, tarfile, tempfile


def resources(tar):
    for member in tar:
        if not member.name.endswith('.json') or member.name.endswith(('package.json', '.index.json')):
            continue
        resource = json.loads(tar.extractfile(member).read())
        if resource.get('resourceType') != 'Bundle':
            yield resource
            continue
        for entry in resource.get('entry', []):
            if isinstance(entry.get('resource'), dict):
                yield entry['resource']


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('package')
    p.add_argument('--bench', default='build/release/bench/context_bench')
    a = p.parse_args()
    types, facts = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(a.package) as tar:
            for n, resource in enumerate(resources(tar)):
                kind = resource.get('resourceType', 'none')
                types[kind] = types.get(kind, 0) + 1
                os.makedirs(f'{folder}/{kind}', exist_ok=True)
                with open(f'{folder}/{kind}/{n}.json', 'w') as file:
                    json.dump({'resourceType': 'Bundle', 'type': 'collection', 'entry': [{'resource': resource}]}, file)
        failed, counted = [], 0
        for kind in sorted(types):
            run = subprocess.run([a.bench, f'{folder}/{kind}'], capture_output=True, text=True)
            told = re.search(r'(\d+) resources = (\d+) facts \+ (\d+) under a reason', run.stdout)
            if run.returncode != 0 or told is None or int(told[1]) != types[kind]:
                failed.append((kind, (run.stderr or run.stdout)[:200]))
                continue
            facts[kind] = int(told[2])
            counted += int(told[3])
    print(f'{sum(types.values())} resources of {len(types)} types: {sum(facts.values())} facts, {counted} counted with their reason')
    some = [f'{kind} {facts[kind]}/{types[kind]}' for kind in sorted(facts) if facts[kind]]
    print('facts of:', ', '.join(some))
    for kind, why in failed:
        print(f'FAILED {kind}: {why}')
    sys.exit(bool(failed))


main()
