// What FHIR loses and keeps, by a reader that shares no code with what it checks:
//
//     node tests/golden/deid/fhir.mjs build/release/bin/consilium BUNDLE.json...
//
// Each bundle goes through `consilium deid --fhir` and back through `consilium deid restore`. Of each it asks:
//   leaks       does anything that a person in it is known by (names, telecoms, addresses, identifiers, ids, birth date) stand
//               anywhere in the output: strings, numbers, member names, narrative, base64
//   references  does what resolved in the bundle resolve to the same entry
//   intervals   did every date of the record move by the same number of days (limited)
//   surrogates  does a name always become the same surrogate, and no two people the same (two of one whole name are one)
//   back        does restore give the bundle again, byte for byte as compact JSON
// Prints a line for what fails (never the text) and the sums; exits with 1 when anything failed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tmpdir } from 'node:os';

const args = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const profile = process.argv.includes('--safe-harbor') ? 'safe-harbor' : 'limited';
const [program, ...files] = args;
const folder = mkdtempSync(join(tmpdir(), 'deid-fhir-'));
const sums = { bundles: 0, resources: 0, notes: 0, known: 0, leaks: 0, chance: 0, references: 0, dangling: 0, dates: 0, moved: 0, names: 0, mixed: 0, back: 0 };
let bad = 0;

function* resources(bundle) {
  for (const entry of bundle.entry ?? []) if (entry.resource) yield entry.resource;
}

const people = new Set(['Patient', 'RelatedPerson', 'Practitioner', 'Person']);
const list = (value) => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

// What people are known by. Words that are words (a city called "Orange" is not; states, countries, prefixes) are not asked for.
function known(bundle) {
  const values = new Map();
  const add = (kind, value) => typeof value === 'string' && value.trim().length >= (kind === 'identifier' ? 5 : 3) && values.set(value.trim().toLowerCase(), kind);
  for (const resource of resources(bundle)) {
    add('id', resource.id);
    if (!people.has(resource.resourceType)) continue;
    for (const name of [...list(resource.name), ...list(resource.contact).flatMap((contact) => list(contact.name))]) {
      for (const part of [...list(name.given), ...list(name.family)]) add('name', part);
      add('name', name.text);
    }
    const contacts = list(resource.contact);
    for (const telecom of [...list(resource.telecom), ...contacts.flatMap((contact) => list(contact.telecom))]) add('telecom', telecom.value);
    for (const address of [...list(resource.address), ...contacts.flatMap((contact) => list(contact.address))]) {
      list(address.line).forEach((line) => add('address', line));
      if (resource.resourceType === 'Patient') { add('city', address.city); add('postal', address.postalCode); }
    }
    for (const identifier of list(resource.identifier)) add('identifier', identifier.value);
    if (resource.resourceType === 'Patient') add('birth', resource.birthDate);
  }
  return values;
}

function decoded(text) {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text.replace(/\s/g, '') ? bytes.toString('utf8') : '';
}

// Every string with where it stands, base64 read; [path, text, key].
function* strings(node, path = '', key = '') {
  if (typeof node === 'string') {
    yield [path, node, key];
    if (key === 'data') yield [path, decoded(node), 'decoded'];
  } else if (typeof node === 'number') {
    yield [path, String(node), 'number'];
  } else if (node !== null && typeof node === 'object') {
    for (const [name, value] of Object.entries(node)) {
      if (!Array.isArray(node)) yield [path, name, 'member'];
      yield* strings(value, Array.isArray(node) ? `${path}[${name}]` : `${path}.${name}`, Array.isArray(node) ? key : name);
    }
  }
}

const isWord = (c) => c !== undefined && /[\p{L}\p{N}]/u.test(c);

function fail(file, what, detail) {
  if (bad++ < 50) console.log(`${basename(file)}: ${what} ${detail}`);
}

const firstThree = (text, at) => (text.charCodeAt(at) * 65536 + text.charCodeAt(at + 1)) * 65536 + text.charCodeAt(at + 2);

// Where anything of @names stands in @output, as [path, kind, characters]: each is looked for where its first three characters stand.
function* standing(names, output) {
  const beginning = new Map();
  for (const [value, kind] of names) {
    const same = beginning.get(firstThree(value, 0));
    if (same) same.push([value, kind]);
    else beginning.set(firstThree(value, 0), [[value, kind]]);
  }
  for (const [path, text, key] of strings(output)) {
    const lower = text.toLowerCase(), found = new Set();
    for (let at = 0; at + 3 <= lower.length; at++)
      for (const [value, kind] of beginning.get(firstThree(lower, at)) ?? []) {
        if (found.has(value) || !lower.startsWith(value, at) || isWord(lower[at - 1]) || isWord(lower[at + value.length])) continue;
        found.add(value);
        yield [`${path} ${key}`, kind, value.length];
      }
  }
}

// Another date may have moved onto the birth date. What leaks stands at the same place whatever the shift is, so the bundle is
// redacted again, under a map of its own: only a birth date that does not stand there again is told as chance, and counted.
function checkLeaks(file, values, output, again) {
  const names = [...values];
  let others;
  sums.known += names.length;
  for (const [at, kind, size] of standing(names, output)) {
    if (kind === 'birth' && profile === 'limited') {
      others ??= new Set([...standing(names.filter(([, what]) => what === 'birth'), again())].map(([place]) => place));
      if (!others.has(at)) { sums.chance++; continue; }
    }
    sums.leaks++;
    fail(file, `leak of a ${kind} (${size} characters) at`, at);
  }
}

function targets(bundle) {
  const map = new Map();
  (bundle.entry ?? []).forEach((entry, index) => {
    if (entry.fullUrl) map.set(entry.fullUrl, index);
    if (entry.resource?.id) map.set(`${entry.resource.resourceType}/${entry.resource.id}`, index);
  });
  return map;
}

function checkReferences(file, input, output) {
  const was = targets(input), is = targets(output);
  const before = [...strings(input)], after = new Map([...strings(output)].map(([path, text, key]) => [`${path} ${key}`, text]));
  for (const [path, text, key] of before) {
    if (key !== 'reference' || !was.has(text)) continue;
    sums.references++;
    const other = after.get(`${path} ${key}`);
    if (is.get(other) === was.get(text)) continue;
    sums.dangling++;
    fail(file, 'a reference that does not resolve at', path);
  }
}

const isDate = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/;

function checkIntervals(file, input, output) {
  const after = new Map([...strings(output)].map(([path, text, key]) => [`${path} ${key}`, text]));
  const shifts = new Map();
  for (const [path, text, key] of strings(input)) {
    if (!isDate.test(text) || key === 'member') continue;
    sums.dates++;
    const other = after.get(`${path} ${key}`);
    if (!isDate.test(other ?? '') || other.slice(10) !== text.slice(10)) { fail(file, 'a date that is none any more at', path); continue; }
    const days = (Date.parse(other.slice(0, 10)) - Date.parse(text.slice(0, 10))) / 86400000;
    shifts.set(days, (shifts.get(days) ?? 0) + 1);
  }
  const most = Math.max(0, ...shifts.values());
  sums.moved += most;
  if (shifts.size > 1 || shifts.has(0)) fail(file, 'dates that moved by different days:', [...shifts.values()].join(' '));
}

// A name in a HumanName, and what became of it.
function checkSurrogates(file, input, output) {
  const before = [...resources(input)], after = [...resources(output)];
  const became = new Map(), stands = new Map();
  before.forEach((resource, index) => {
    if (!people.has(resource.resourceType)) return;
    list(resource.name).forEach((name, at) => {
      const other = list(after[index].name)[at];
      const whole = [...list(name.given), name.family].join(' '), surrogate = [...list(other.given), other.family].join(' ');
      sums.names++;
      const number = /Patient-\w{4}|Person-\d+/.exec(surrogate)?.[0] ?? surrogate;
      if (became.has(whole) && became.get(whole) !== surrogate) { sums.mixed++; fail(file, 'a name with two surrogates at', `entry ${index}`); }
      const first = stands.get(number);
      if (first && first.id !== resource.id && first.whole !== whole) { sums.mixed++; fail(file, 'two people with one surrogate at', `entry ${index}`); }
      became.set(whole, surrogate);
      if (!first) stands.set(number, { id: resource.id, whole });
    });
  });
}

function redact(kept, redacted, compact) {
  execFileSync(program, ['deid', '--fhir', '--profile', profile, ...kept, '--output', redacted, compact], { stdio: ['ignore', 'ignore', 'pipe'] });
}

function run(file) {
  const input = JSON.parse(readFileSync(file, 'utf8'));
  const compact = join(folder, 'in.json'), redacted = join(folder, 'out.json');
  const kept = ['--map', join(folder, 'map'), '--key-file', join(folder, 'key')];
  if (!Array.isArray(input.entry)) return;
  writeFileSync(compact, JSON.stringify(input));
  rmSync(join(folder, 'map'), { force: true });
  try {
    redact(kept, redacted, compact);
  } catch (error) {
    if (!/two patients/.test(String(error.stderr))) fail(file, 'refused:', String(error.stderr).trim());
    return;
  }
  const output = JSON.parse(readFileSync(redacted, 'utf8'));
  sums.bundles++;
  sums.resources += input.entry.length;
  for (const [, , key] of strings(input)) sums.notes += key === 'decoded';
  checkLeaks(file, known(input), output, () => {
    rmSync(join(folder, 'map-again'), { force: true });
    redact(['--map', join(folder, 'map-again'), '--key-file', join(folder, 'key')], join(folder, 'again.json'), compact);
    return JSON.parse(readFileSync(join(folder, 'again.json'), 'utf8'));
  });
  checkReferences(file, input, output);
  if (profile !== 'limited') return;
  checkIntervals(file, input, output);
  checkSurrogates(file, input, output);
  const back = execFileSync(program, ['deid', 'restore', '--fhir', ...kept, redacted], { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] }).toString().trimEnd();
  const same = back === JSON.stringify(input);
  sums.back += same;
  if (!same) {
    let at = 0;
    const whole = JSON.stringify(input);
    while (at < back.length && back[at] === whole[at]) at++;
    fail(file, 'did not come back; first at byte', `${at} of ${whole.length}${process.env.DEID_SHOW ? ` ${whole.slice(at - 80, at + 40)} | ${back.slice(at - 80, at + 40)}` : ''}`);
  }
}

for (const file of files) run(file);
rmSync(folder, { recursive: true });
console.log(Object.entries(sums).map(([name, value]) => `${name} ${value}`).join('  '));
process.exit(bad === 0 ? 0 : 1);
