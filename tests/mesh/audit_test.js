// The audit log of a mesh that was used: who asked what is there before an answer leaves, it survives kill -9, it is checked here by
// Node's own SHA-256 and Ed25519, and what is done to it afterwards is found.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, failure, sample } = require('./mesh');

const PATIENT = 'audited-patient';
const QUESTION = 'What was the last hemoglobin A1c?';

const folder = (mesh) => path.join(mesh.folder, 'audit');
const segments = (mesh) => fs.readdirSync(folder(mesh)).filter((name) => name.endsWith('.jsonl')).sort();
const lines = (mesh) => segments(mesh)
  .flatMap((name) => fs.readFileSync(path.join(folder(mesh), name), 'utf8').split('\n')).filter(Boolean);
const records = (mesh) => lines(mesh).map((line) => JSON.parse(line));
const audit = (mesh, ...words) => mesh.exec(path.join(mesh.bin, 'consilium'), ['audit', ...words]);

// A copy of the log, done something to, and what verify says of it.
async function tampered(mesh, name, change) {
  const copy = path.join(mesh.folder, `audit-${name}`);
  fs.cpSync(folder(mesh), copy, { recursive: true });
  const file = path.join(copy, segments(mesh).at(-1));
  const before = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
  fs.writeFileSync(file, `${change(before).join('\n')}\n`);
  const { status, stdout, stderr } = await audit(mesh, 'verify', '--json', copy);
  return { status, stderr, verdict: JSON.parse(stdout) };
}

// Ask until the first event, and then forget about the rest.
function firstEvent(mesh) {
  return new Promise((resolve) => {
    const call = mesh.gateway.Ask({ tenant: 'test', patient: PATIENT, question: QUESTION }, { deadline: Date.now() + 20000 });
    let trace = null;
    call.on('data', (event) => { trace ??= event.started?.trace_id ?? null; });
    call.on('error', () => resolve(trace));
    call.on('end', () => resolve(trace));
  });
}

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    await mesh.up();
    await mesh.put(PATIENT, sample());
    world.answer = await mesh.ask(PATIENT, QUESTION);
    await mesh.ask(PATIENT, QUESTION, { keep_surrogates: true });
    await mesh.call(mesh.gateway, 'GetTimeline', { tenant: 'test', patient: PATIENT });
    await failure(mesh.ask('nobody', QUESTION));
    await mesh.put('forgotten', sample());
    await mesh.call(mesh.gateway, 'Forget', { tenant: 'test', patient: 'forgotten' });
    // A record is on the disk before its reply leaves, all but those that only say how an answer ended.
    for (let i = 0; i < 100 && records(mesh).filter((r) => r.action === 'answer').length < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },
  async after(world) {
    await world.mesh?.down();
  },
  tests: {
    async 'every put, ask, read and forget is a record, with its outcome'({ mesh }) {
      assert.deepEqual(records(mesh).map((r) => `${r.action} ${r.outcome}`).sort(), ['start OK', 'put OK', 'ask OK', 'answer OK', 'ask OK',
        'answer OK', 'read OK', 'answer NOT_FOUND', 'put OK', 'forget OK'].sort());
    },
    async 'a record of an ask names the facts, the model and the trace, and not the patient'({ mesh, answer }) {
      const [ask, kept] = records(mesh).filter((r) => r.action === 'ask');
      assert.equal(ask.model, answer.done.model_digest);
      assert.deepEqual(ask.facts.map((f) => f.id), answer.facts.map((f) => f.id));
      assert.equal(ask.trace, answer.started.trace_id);
      assert.equal(ask.restored, true);
      assert.equal(kept.restored, undefined);
      assert.equal(ask.question, kept.question);
      const text = lines(mesh).join('\n');
      for (const secret of [PATIENT, 'nobody', QUESTION, 'hemoglobin', ...answer.facts.map((f) => f.reference.split('/')[1])]) {
        assert.ok(!text.includes(secret), `${secret.length} bytes of what should not be there`);
      }
    },
    async 'the chain is what its description says: Node agrees on every digest and signature'({ mesh }) {
      const raw = Buffer.from(fs.readFileSync(path.join(folder(mesh), 'public-key'), 'utf8').trim(), 'hex');
      const key = crypto.createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') } });
      let prev = '0'.repeat(64);
      lines(mesh).forEach((line, at) => {
        const record = JSON.parse(line);
        const hash = crypto.createHash('sha256').update(line.slice(0, line.lastIndexOf(',"hash":'))).digest('hex');
        assert.equal(record.seq, at + 1);
        assert.equal(record.prev, prev);
        assert.equal(record.hash, hash);
        assert.ok(crypto.verify(null, Buffer.from(`consilium audit record ${hash}`), key, Buffer.from(record.sig, 'hex')));
        prev = hash;
      });
    },
    async 'verify, show and export read the log'({ mesh }) {
      const count = lines(mesh).length;
      const verified = await audit(mesh, 'verify', '--json', folder(mesh));
      assert.equal(verified.status, 0, verified.stderr);
      const { stands, last, head } = JSON.parse(verified.stdout);
      assert.deepEqual([stands, last], [true, count]);
      assert.equal((await audit(mesh, 'verify', folder(mesh), `--expect=${last}:${head}`)).status, 0);
      assert.notEqual((await audit(mesh, 'verify', folder(mesh), `--expect=${last + 1}:${head}`)).status, 0);
      const shown = await audit(mesh, 'show', folder(mesh));
      assert.equal(shown.stdout.trim().split('\n').length, count);
      const [{ patient }] = records(mesh).filter((r) => r.action === 'ask');
      const theirs = await audit(mesh, 'show', '--json', `--patient=${patient}`, folder(mesh));
      assert.deepEqual(theirs.stdout.trim().split('\n').map((l) => JSON.parse(l).patient), Array(6).fill(patient));
    },
    async 'export --fhir gives AuditEvent resources'({ mesh }) {
      const { stdout, status } = await audit(mesh, 'export', '--fhir', folder(mesh));
      assert.equal(status, 0);
      const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
      assert.equal(events.length, lines(mesh).length);
      for (const event of events) {
        // What R4 requires: type, recorded, agent with requestor, source with observer.
        assert.equal(event.resourceType, 'AuditEvent');
        assert.match(event.type.code, /^1101\d\d$/);
        assert.match(event.recorded, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.equal(event.agent[0].requestor, true);
        assert.ok(event.source.observer.display.startsWith('gateway@'));
        assert.match(event.action, /^[CRUDE]$/);
        assert.match(event.outcome, /^(0|4|8|12)$/);
      }
      const ask = events.find((event) => event.type.code === '110112');
      const [record] = records(mesh).filter((r) => r.action === 'ask');
      assert.deepEqual(ask.entity.filter((e) => e.role?.code === '4').map((e) => e.what.reference), record.facts.map((f) => f.reference));
    },
    async 'an edit, a drop, a swap and a cut end are found, with the first bad record'({ mesh }) {
      const found = async (name, change) => {
        const { status, verdict } = await tampered(mesh, name, change);
        assert.notEqual(status, 0, `${name} was not found`);
        assert.equal(verdict.stands, false);
        return verdict.firstBad;
      };
      assert.equal(await found('edit', (all) => all.map((l, i) => (i === 2 ? l.replace('"restored":true', '"restored":null') : l))), 3);
      assert.equal(await found('drop', (all) => all.filter((l, i) => i !== 3)), 4);
      assert.equal(await found('swap', ([a, b, c, d, ...rest]) => [a, b, d, c, ...rest]), 3);
      assert.equal(await found('cut', (all) => all.slice(0, -1)), lines(mesh).length);
    },
    async 'with kill -9 in the middle of answers, whoever saw an event is in the log'({ mesh }) {
      const seen = [];
      for (let round = 0; round < 3; round++) {
        const asks = Array.from({ length: 8 }, () => firstEvent(mesh));
        await new Promise((resolve) => setTimeout(resolve, 30 + 40 * round));
        mesh.signal('gateway', 'SIGKILL');
        seen.push(...(await Promise.all(asks)).filter(Boolean));
        mesh.client.close();
        mesh.client = undefined;
        await mesh.start('gateway');
        await mesh.healthy();
      }
      const verified = await audit(mesh, 'verify', folder(mesh));
      assert.equal(verified.status, 0, verified.stderr);
      const asked = new Set(records(mesh).filter((r) => r.action === 'ask').map((r) => r.trace));
      assert.deepEqual(seen.filter((trace) => !asked.has(trace)), []);
    },
    async 'a gateway does not go on with a log that was touched'({ mesh }) {
      const file = path.join(folder(mesh), segments(mesh).at(-1));
      mesh.signal('gateway', 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 200));
      const whole = fs.readFileSync(file, 'utf8');
      fs.writeFileSync(file, `${whole.split('\n').slice(0, -2).join('\n')}\n`);
      await mesh.run('start', 'gateway');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.match(fs.readFileSync(mesh.log('gateway'), 'utf8'), /the audit log ends with record \d+, its head names \d+/);
      fs.writeFileSync(file, whole);
      await mesh.run('start', 'gateway');
      await mesh.healthy();
    },
  },
};
