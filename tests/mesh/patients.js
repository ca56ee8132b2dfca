// Every patient of a folder or of tar archives goes in, none lost, every resource a fact or counted under the reason why not; then questions are asked of some.
//   node tests/mesh/patients.js [--limit N] [--asks N] ARCHIVE.tar.xz…
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Mesh, ROOT, execFileSync, failure, grpc } = require('./mesh');

const QUESTIONS = ['Which medications is the patient taking?', 'What are the active problems?', 'What was the last blood pressure?',
  'Is the patient allergic to anything?', 'What was the last body weight?', 'What does the last note say?'];

const DATA = process.env.CONSILIUM_DATA || path.join(ROOT, '../shared/data');
const ARCHIVES = ['synthea-smart-r4', 'synthea-spezi-r4', 'synthea-hiv-notes-r4'].map((n) => path.join(DATA, 'fhir', `${n}.tar.xz`));

// Unpack the archives that are there; every bundle's path.
function unpack(archives, folder) {
  const files = [];
  for (const archive of archives.filter((a) => fs.existsSync(a))) {
    const into = path.join(folder, path.basename(archive, '.tar.xz'));
    fs.mkdirSync(into);
    execFileSync('tar', ['xJf', archive, '-C', into]);
    files.push(...fs.readdirSync(into, { recursive: true }).filter((n) => n.endsWith('.json')).map((n) => path.join(into, n)));
  }
  return files.sort();
}

// A bundle of nobody (a list of hospitals) has to be refused, and is counted apart; `put` are the files that went in.
async function putAll(mesh, files, onOne) {
  const put = [];
  const totals = { patients: 0, resources: 0, resources_as_facts: 0, facts: 0, reasons: {}, refused_without_patient: 0 };
  for (const file of files) {
    const bytes = fs.readFileSync(file);
    const entries = JSON.parse(bytes).entry;
    const wanted = entries.length;
    if (!entries.some(({ resource }) => resource.resourceType === 'Patient')) {
      const error = await failure(mesh.put(path.basename(file), bytes));
      assert.equal(error.code, grpc.status.INVALID_ARGUMENT, `${totals.patients}: ${error.message}`);
      totals.refused_without_patient++;
      continue;
    }
    const reply = await mesh.put(path.basename(file), bytes);
    const not = reply.not_facts.reduce((sum, { count }) => sum + count, 0);
    assert.equal(reply.resources, wanted, `${totals.patients}: resources`);
    assert.equal(reply.resources_as_facts + not, wanted, `${totals.patients}: facts and reasons add up`);
    assert.equal(reply.durable, true);
    put.push(file);
    totals.patients++;
    totals.resources += reply.resources;
    totals.resources_as_facts += reply.resources_as_facts;
    totals.facts += reply.facts;
    for (const { reason, count } of reply.not_facts) totals.reasons[reason] = (totals.reasons[reason] ?? 0) + count;
    onOne?.(totals);
  }
  return { put, totals };
}

async function askSome(mesh, files, count) {
  const totals = { asked: 0, citations: 0, unknown: 0 };
  for (let i = 0; i < count; i++) {
    const file = files[Math.floor((i * files.length) / count)];
    const answer = await mesh.ask(path.basename(file), QUESTIONS[i % QUESTIONS.length]);
    assert.ok(answer.done, 'the answer has ended well');
    assert.equal(answer.done.citations_unknown, answer.citations.filter((c) => !c.known).length);
    totals.asked++;
    totals.citations += answer.citations.length;
    totals.unknown += answer.done.citations_unknown;
  }
  return totals;
}

module.exports = { ARCHIVES, unpack, putAll, askSome };

async function main() {
  const words = process.argv.slice(2);
  const number = (flag, otherwise) => (words.includes(flag) ? Number(words.splice(words.indexOf(flag), 2)[1]) : otherwise);
  const limit = number('--limit', Infinity);
  const asks = number('--asks', 100);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-patients-'));
  const mesh = await Mesh.create();
  try {
    const files = unpack(words.length ? words : ARCHIVES, folder).slice(0, limit);
    await mesh.up();
    const began = Date.now();
    const { put, totals } = await putAll(mesh, files, (t) => { if (t.patients % 50 === 0) console.log(`${t.patients} of ${files.length}`); });
    console.log(JSON.stringify({ ...totals, seconds: (Date.now() - began) / 1000 }, null, 1));
    console.log(JSON.stringify(await askSome(mesh, put, Math.min(asks, put.length)), null, 1));
  } finally {
    await mesh.down();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) main().catch((error) => { console.error(error); process.exit(1); });
