// How well a known patient is found in notes that have him with slips, by a generator that shares no code with what it checks:
//
//     node tests/golden/deid/slips.mjs build/release/bin/consilium BUNDLE.json...
//
// Of each bundle it takes the Patient (names without the digits that generators append), writes sentences that have a name, a phone,
// an id, an address or the birth date of his with one slip each, and redacts them with `consilium deid --fhir`: beside that Patient, and
// beside one who shares nothing with him. Of each kind and slip it prints how many are wholly gone, and in brackets how many of them
// without the Patient. Then false alarms: words of TEXTS=FILE.jsonl ({"text"}: notes of other people) that are gone beside the patient and are
// not beside the other one. The slips follow SEED.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [program, ...files] = process.argv.slice(2);
let seed = Number(process.env.SEED ?? 1);
function random(count) { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % count;
}
const pick = (list) => list[random(list.length)];

const OCR = { 0: 'O', 1: 'l', 5: 'S', 8: 'B', o: '0', l: '1', i: 'l', e: 'c', a: 'o', s: '5', h: 'b', n: 'u' };
const at = (text, like) => { // the place of a random byte that @like takes, not the first
  const places = [...text].map((c, i) => (i > 0 && like.test(c) ? i : 0)).filter(Boolean);
  return places.length ? pick(places) : -1;
};
const splice = (text, i, size, by) => text.slice(0, i) + by + text.slice(i + size);
const LETTER = /[a-zA-Z]/, DIGIT = /\d/;
const letter = () => 'abcdefghijklmnopqrstuvwxyz'[random(26)];

// One slip of @kind of character; undefined where none is possible.
const slips = (like, any) => ({
  exact: (text) => text,
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
  insert: (text) => { const i = at(text, like); return i < 0 ? undefined : splice(text, i, 0, any()); },
  delete: (text) => { const i = at(text, like); return i < 0 ? undefined : splice(text, i, 1, ''); },
  replace: (text) => { const i = at(text, like); return i < 0 ? undefined : splice(text, i, 1, any()); },
  transpose: (text) => { const i = at(text, like); return i < 0 || !like.test(text[i + 1] ?? '') || text[i] === text[i + 1] ? undefined : splice(text, i, 2, text[i + 1] + text[i]); },
  ocr: (text) => { const places = [...text].map((c, i) => (i > 0 && OCR[c] ? i : 0)).filter(Boolean); if (!places.length) return undefined; const i = pick(places); return splice(text, i, 1, OCR[text[i]]); },
});
const letters = slips(LETTER, letter), digits = slips(DIGIT, () => String(random(10)));
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const NICKNAMES = { William: 'Bill', Robert: 'Bob', James: 'Jim', Elizabeth: 'Liz', Margaret: 'Peggy', Katherine: 'Kate', Catherine: 'Cathy', Michael: 'Mike', Thomas: 'Tom', Jennifer: 'Jen', Christopher: 'Chris',
  Joseph: 'Joe', Anthony: 'Tony', Edward: 'Ted', Richard: 'Dick', Charles: 'Chuck', Daniel: 'Dan', Samuel: 'Sam', Susan: 'Sue', Patricia: 'Pat', Deborah: 'Debbie', Barbara: 'Barb', Matthew: 'Matt', Andrew: 'Andy' };

const bare = (name) => name.replace(/\d+$/, '');
function kinds(patient) {
  const name = patient.name[0], given = name.given[0], family = name.family, address = patient.address?.[0];
  const line = address?.line?.[0], phone = patient.telecom?.find((telecom) => telecom.system === 'phone')?.value;
  const [year, month, day] = patient.birthDate.split('-'), ids = (patient.identifier ?? []).map((one) => one.value).filter((value) => /\d{5}/.test(value) && value.length < 16);
  const number = phone?.replace(/\D/g, '').slice(-10);
  const groups = (by) => `${number.slice(0, 3)}${by}${number.slice(3, 6)}${by}${number.slice(6)}`;
  const all = {
    family: { ...letters, split: (text) => (text.length < 7 ? undefined : splice(text, 3 + random(text.length - 5), 0, ' ')), possessive: (text) => `${text}'s` },
    'whole name': { ...letters, 'last, first': () => `${family}, ${given}`, initial: () => `${given[0]}. ${family}`, joined: () => given + family, nickname: () => NICKNAMES[given] && `${NICKNAMES[given]} ${family}` },
    given: { exact: letters.exact, lower: letters.lower, upper: letters.upper, nickname: () => NICKNAMES[given] },
    phone: number && { ...digits, dots: () => groups('.'), spaces: () => groups(' '), solid: () => number, brackets: () => `(${number.slice(0, 3)}) ${number.slice(3, 6)}-${number.slice(6)}`, country: () => `+1 ${groups('-')}`, wide: () => groups(' - ') },
    id: ids.length && { ...digits, spaced: (text) => text.replace(/(\w{3})(?=\w)/g, '$1 '), dashed: (text) => text.replace(/(\w{4})(?=\w)/g, '$1-'), glued: (text) => `#${text}` },
    address: line && { ...letters, number: (text) => (/^\d{2,}/.test(text) && text[0] !== text[1] ? text[1] + text[0] + text.slice(2) : undefined), commas: (text) => text.replace(/ /g, ', '), lines: (text) => text.replace(' ', '\n') },
    'birth date': { iso: () => patient.birthDate, us: () => `${month}/${day}/${year}`, short: () => `${+month}/${+day}/${year.slice(2)}`, words: () => `${MONTHS[month - 1]} ${+day}, ${year}`, european: () => `${+day} ${MONTHS[month - 1].slice(0, 3)} ${year}`,
      dots: () => `${day}.${month}.${year}`, solid: () => month + day + year, spaces: () => `${month} / ${day} / ${year}`, ocr: () => letters.ocr(`${month}/${day}/${year}`) },
  };
  const value = { family, given, 'whole name': `${given} ${family}`, phone, id: ids[0], address: line, 'birth date': patient.birthDate };
  return Object.entries(all).filter(([kind, ways]) => ways && value[kind]).flatMap(([kind, ways]) => Object.entries(ways).map(([slip, make]) => ({ kind, slip, text: make(value[kind]) }))).filter((one) => one.text);
}

const CARRIERS = ['Reviewed with {} again today, no change to the plan.', 'Message left regarding {} and the results.', 'Please see {} in the old chart before the next visit.', 'Discussed at rounds: {} (second time this month).'];

function redact(patient, texts) {
  const note = (text, i) => ({ resource: { resourceType: 'Observation', id: `n${i}`, status: 'final', code: { text: 'Note' }, note: [{ text }] } });
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: patient }, ...texts.map(note)] };
  return JSON.parse(execFileSync(program, ['deid', '--fhir'], { input: JSON.stringify(bundle), maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'pipe'] })).entry.slice(1).map((entry) => entry.resource.note[0].text);
}

const words = (text) => text.match(/[\p{L}\p{N}]{3,}/gu) ?? [];
const isGone = ({ kind, text, carrier }, output) => {
  if (kind === 'birth date') return !output.includes(text); // it moves, and keeps its form
  const kept = new Set(words(carrier));
  return words(text).every((word) => kept.has(word) || !words(output).includes(word));
};
const OTHER = { resourceType: 'Patient', id: 'other', name: [{ family: 'Quartermaine', given: ['Zebulon'] }], birthDate: '1931-01-01' };

const tally = new Map(), alarms = { words: 0, gone: 0 };
const texts = process.env.TEXTS ? readFileSync(process.env.TEXTS, 'utf8').trim().split('\n').map((line) => JSON.parse(line).text) : [];
for (const file of files) {
  const patient = JSON.parse(readFileSync(file, 'utf8')).entry?.map((entry) => entry.resource).find((resource) => resource?.resourceType === 'Patient');
  if (!patient?.name?.[0]?.family || !patient.name[0].given) continue;
  const own = { ...patient, text: undefined, extension: undefined, contact: undefined, name: patient.name.map((name) => ({ ...name, family: bare(name.family), given: name.given.map(bare) })) };
  const cases = kinds(own).map((one) => ({ ...one, carrier: pick(CARRIERS) }));
  const written = cases.map((one) => one.carrier.replace('{}', () => one.text));
  const others = texts.length ? [pick(texts), pick(texts)] : [];
  const known = redact(own, [...written, ...others]), unknown = redact(OTHER, [...written, ...others]);
  cases.forEach((one, i) => {
    const key = `${one.kind}\t${one.slip}`, sum = tally.get(key) ?? { all: 0, known: 0, unknown: 0 };
    sum.all++;
    sum.known += isGone(one, known[i]);
    sum.unknown += isGone(one, unknown[i]);
    tally.set(key, sum);
    if (process.env.SHOW === one.kind && !isGone(one, known[i])) console.log(one.slip, '|', own.name[0].given[0], own.name[0].family, '|', one.text, '|', known[i]);
  });
  const parts = new Set(words(JSON.stringify(own).toLowerCase()));
  others.forEach((text, i) => {
    const left = (output) => words(output).reduce((map, word) => map.set(word, (map.get(word) ?? 0) + 1), new Map());
    const beside = left(known[cases.length + i]), alone = left(unknown[cases.length + i]);
    for (const [word, count] of alone) {
      alarms.words += count;
      if (parts.has(word.toLowerCase()) || !/^\p{L}+$/u.test(word) || !words(text).includes(word)) continue; // he is called so; of a surrogate, a year
      const gone = Math.max(0, count - (beside.get(word) ?? 0));
      alarms.gone += gone;
      if (gone && process.env.SHOW === 'alarms') console.log('alarm', word, own.name[0].given[0], own.name[0].family);
    }
  });
}
let kind = '';
for (const [key, sum] of tally) {
  const [of, slip] = key.split('\t');
  if (of !== kind) console.log(kind = of);
  console.log(`  ${slip.padEnd(12)} ${sum.known} of ${sum.all} (${sum.unknown})`);
}
if (texts.length) console.log(`false alarms: ${alarms.gone} of ${alarms.words} words`);
