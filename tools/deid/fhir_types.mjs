// Makes services/deid/lists/fhir_types.txt: which type each element of FHIR R4 and STU3 has, as HL7's
// specification (CC0) defines it. By hand, when a release of FHIR is added:
//
//     npm install --no-save fhirpath && node tools/deid/fhir_types.mjs node_modules/fhirpath/fhir-context > services/deid/lists/fhir_types.txt
//
// One type a line: its name, what it inherits from, then "element:type" for each of its own elements. The
// type of a group of elements is the group's path. "value*" is a choice: the name ends in the type. An element that the two
// releases give different types has the type of R4, or one of its own that is that and has the other's elements besides.
import { readFileSync } from 'node:fs';

const root = process.argv[2];
const read = (release, name) => JSON.parse(readFileSync(`${root}/${release}/${name}.json`));
const inherited = {
  Resource: ['id', 'meta', 'implicitRules', 'language'],
  DomainResource: ['text', 'contained', 'extension', 'modifierExtension'],
  Element: ['id', 'extension'],
  BackboneElement: ['modifierExtension'],
};
const own = { 'System.String': 'string', 'System.Date': 'date', 'System.Decimal': 'decimal', 'System.Boolean': 'boolean',
  'System.Integer': 'integer', 'System.DateTime': 'dateTime', 'System.Time': 'time' };
const table = new Map();
const conflicts = [];

function add(release) {
  const types = read(release, 'path2Type');
  const elsewhere = read(release, 'pathsDefinedElsewhere');
  const parents = read(release, 'type2Parent');
  const choices = read(release, 'choiceTypePaths');
  const isChoice = (path) => Object.entries(choices).some(([stem, names]) =>
    (Array.isArray(names) ? names : Object.keys(names)).some((name) => stem + name[0].toUpperCase() + name.slice(1) === path));
  const put = (owner, element, type, base) => {
    if (!table.has(owner)) table.set(owner, { base, elements: new Map() });
    const row = table.get(owner);
    const had = row.elements.get(element);
    if (had === undefined) row.elements.set(element, type);
    else if (had !== type && /^[A-Z]/.test(had) && /^[A-Z]/.test(type)) conflicts.push([owner, element, had, type]);
  };
  for (const [path, value] of Object.entries(types)) {
    const at = path.lastIndexOf('.');
    if (at < 0) continue;
    const owner = path.slice(0, at), element = path.slice(at + 1);
    let type = typeof value === 'string' ? value : value.code;
    const base = owner.includes('.') ? (types[owner] === 'Element' ? 'Element' : 'BackboneElement') : (parents[owner] ?? 'Element');
    if (type === 'BackboneElement' || type === 'Element') type = path;
    if (isChoice(path)) continue;
    if (type === 'System.String' && (element === 'url' || (element === 'id' && /Resource$/.test(base + owner)))) type = element === 'url' ? 'uri' : 'id';
    put(owner, element, own[type] ?? type, base);
  }
  for (const [path, target] of Object.entries(elsewhere)) {
    const at = path.lastIndexOf('.');
    table.get(path.slice(0, at))?.elements.set(path.slice(at + 1), target);
  }
  for (const stem of Object.keys(choices)) {
    const at = stem.lastIndexOf('.');
    put(stem.slice(0, at), `${stem.slice(at + 1)}*`, '*', parents[stem.slice(0, at)] ?? 'BackboneElement');
  }
}

function own_elements(name, row) {
  const without = new Set();
  const bases = [];
  for (let base = row.base; base; base = { DomainResource: 'Resource', BackboneElement: 'Element' }[base]) bases.push(base);
  if (name !== 'Resource' && name !== 'Element') for (const base of bases) for (const element of inherited[base] ?? []) without.add(element);
  return [...row.elements].filter(([element]) => !without.has(element) || name in inherited);
}

// Two releases, two types: one that is the type of R4 and has the elements of the other besides.
function settle([owner, element, newer, older]) {
  const name = `${owner}.${element}`;
  const elements = new Map(table.get(older)?.elements ?? []);
  if (newer === name) {
    for (const [key, type] of elements) if (!table.get(name).elements.has(key)) table.get(name).elements.set(key, type);
    return;
  }
  table.set(name, { base: newer, elements });
  table.get(owner).elements.set(element, name);
}

add('r4');
conflicts.length = 0;
add('stu3');
conflicts.forEach(settle);
console.log('# Made by tools/deid/fhir_types.mjs from the definitions of FHIR R4 and STU3 (HL7, CC0).');
for (const name of [...table.keys()].sort()) {
  const row = table.get(name);
  console.log([`${name}<${row.base}`, ...own_elements(name, row).map(([element, type]) => `${element}:${type}`)].join(' '));
}
