// consilium eval: synthetic patients with known answers, through the whole mesh.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Mesh, execFileSync } = require('./mesh');

module.exports = {
  async before(world) {
    world.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-eval-'));
    world.mesh = await Mesh.create();
    execFileSync(path.join(world.mesh.bin, 'synthpop'), ['--patients', '3', '--seed', '77', '--questions', '8', '--out', world.folder]);
    await world.mesh.up();
  },
  async after(world) {
    await world.mesh?.down();
    if (world.folder) fs.rmSync(world.folder, { recursive: true, force: true });
  },
  tests: {
    async 'every question is asked and counted once, by kind and by split'({ mesh, folder }) {
      const lines = fs.readFileSync(path.join(folder, 'questions.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
      const { status, stdout, stderr } = await mesh.consilium('eval', '--json', `--report=${path.join(folder, 'report.html')}`, folder);
      assert.equal(status, 0, stderr);
      const report = JSON.parse(stdout);
      assert.equal(report.asked, lines.length);
      assert.equal(report.failed, 0);
      assert.equal(report.patients, 3);
      assert.match(report.digest, /^[0-9a-f]{64}$/);
      for (const [groups, key] of [[report.kinds, 'kind'], [report.splits, 'split']]) {
        const counts = Object.fromEntries(groups.map(({ name, answers }) => [name, answers]));
        for (const name of new Set(lines.map((line) => line[key]))) assert.equal(counts[name], lines.filter((line) => line[key] === name).length, name);
      }
      const { exact, exact_or_equivalent: equivalent, citation_recall: recall } = report.all;
      assert.ok(exact.low <= exact.value && exact.value <= exact.high);
      assert.ok(exact.part <= equivalent.part);
      const evidence = lines.map(({ answer }) => new Set(answer.flatMap((claim) => claim.evidence)).size).reduce((a, b) => a + b, 0);
      assert.equal(recall.of, evidence);
      assert.ok(recall.part > 0, 'some evidence is cited, by the ids that the record was put with');
    },
    async 'the report shows figures and no text of a record'({ folder }) {
      const html = fs.readFileSync(path.join(folder, 'report.html'), 'utf8');
      assert.match(html, /<svg /);
      for (const line of fs.readFileSync(path.join(folder, 'questions.ndjson'), 'utf8').trim().split('\n')) {
        const { question, patient, answer } = JSON.parse(line);
        for (const text of [question, patient, answer[0].text]) assert.ok(!html.includes(text));
      }
    },
    async 'a folder without questions is refused'({ mesh }) {
      const empty = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-eval-none-'));
      const { status, stderr } = await mesh.consilium('eval', empty);
      fs.rmdirSync(empty);
      assert.equal(status, 3, stderr);
    },
  },
};
