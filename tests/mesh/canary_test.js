// The canary: a record and questions whose identifiers are marked. Afterwards none of the marks may stand in any log, metric, error or Redis
// value, nor in what tokenizer and inference were sent.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { MARKS, markedRecord } = require('./marked');
const { Mesh, failure, execFileSync } = require('./mesh');
const { record } = require('./recorder');

// Bytes as they are, not as a list of numbers.
const asText = (message) => JSON.stringify(message, (key, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value));

function assertClean(what, text) {
  for (const [kind, mark] of Object.entries(MARKS)) {
    assert.ok(!text.toLowerCase().includes(mark.toLowerCase()), `the ${kind} stands in ${what}`);
  }
}

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    world.seen = [];
    world.recorders = [await record(mesh, 'Tokenizer', world.seen), await record(mesh, 'Inference', world.seen)];
    mesh.env.MESH_FLAGS_gateway = `${world.recorders.map((r) => r.flag).join(' ')} --log-level=debug`;
    for (const leaf of ['deid', 'context', 'tokenizer', 'inference']) mesh.env[`MESH_FLAGS_${leaf}`] = '--log-level=debug';
    await mesh.up();
    world.errors = [];
    const bundle = markedRecord();
    await mesh.put(MARKS.mrn, bundle);
    world.answers = [];
    for (const question of [
      `What is the blood pressure of ${MARKS.given} ${MARKS.family}?`,
      `Did ${MARKS.relative} come along when she was born on ${MARKS.birth}, phone ${MARKS.phone}?`,
      `${MARKS.family.toUpperCase()}, ${MARKS.given.toUpperCase()} (${MARKS.mrn}, SSN ${MARKS.ssn}): which medications?`,
      `What did Dr. ${MARKS.doctor} weigh, and what was the unit?`,
      `Summarise the progress note about ${MARKS.street} in ${MARKS.city}, mail ${MARKS.email}`,
    ]) world.answers.push(await mesh.ask(MARKS.mrn, question));
    // Errors of many kinds, each provoked with identifiers in the request.
    world.errors.push(
      await failure(mesh.ask(`${MARKS.mrn}-x`, `Who is ${MARKS.family}?`)),
      await failure(mesh.ask(MARKS.mrn, `${MARKS.family} `.repeat(5000))),
      await failure(mesh.ask(MARKS.mrn, `${MARKS.family}?`, { tenant: MARKS.family + '!' })),
      await failure(mesh.put(MARKS.mrn, `{"resourceType":"Bundle","entry":[{"resource":{"name":"${MARKS.family}"`)),
      await failure(mesh.put(MARKS.mrn, JSON.stringify({ resourceType: MARKS.family }))),
      await failure(mesh.put(MARKS.mrn, JSON.stringify({ ...bundle, entry: [...bundle.entry, { resource: { resourceType: 'Patient', id: MARKS.family } }] }))),
    );
  },
  async after(world) {
    for (const one of world.recorders ?? []) one.stop();
    await world.mesh?.down();
  },
  tests: {
    async 'the caller gets identifiers back where the answer or the facts hold them'({ answers }) {
      assert.ok(answers.every((a) => a.done), 'an answer did not end well');
      const facts = asText(answers.flatMap((a) => a.facts));
      for (const kind of ['family', 'given']) assert.ok(facts.includes(MARKS[kind]), `the ${kind} did not come back`);
    },
    async 'canary: no mark in what tokenizer and inference were sent'({ mesh, seen }) {
      assert.ok(seen.some((s) => s.method === 'ApplyTemplate') && seen.some((s) => s.method === 'Generate'));
      assertClean('a request to tokenizer or inference', asText(seen));
      const tokenizer = mesh.stub('Tokenizer');
      for (const { request } of seen.filter((s) => s.method === 'Generate')) {
        assertClean('a prompt', (await mesh.call(tokenizer, 'Decode', { ids: request.ids, flush: true })).text);
      }
      tokenizer.close();
    },
    async 'canary: no mark in any log'({ mesh }) {
      for (const name of fs.readdirSync(mesh.folder).filter((n) => n.endsWith('.log'))) {
        assertClean(name, fs.readFileSync(path.join(mesh.folder, name), 'utf8'));
      }
    },
    async 'canary: no mark in the audit log'({ mesh }) {
      const audit = path.join(mesh.folder, 'audit');
      for (const name of fs.readdirSync(audit)) assertClean(name, fs.readFileSync(path.join(audit, name), 'utf8'));
    },
    async 'canary: no mark in any metric'({ mesh }) {
      for (const service of ['gateway', 'deid', 'context', 'tokenizer', 'inference']) {
        const reply = await fetch(`${mesh.admin(service)}/metrics`);
        const text = await reply.text();
        assert.match(text, /rpc_server_calls_total/);
        assertClean(`the metrics of ${service}`, text);
      }
    },
    async 'canary: no mark in any error'({ errors }) {
      for (const error of errors) assertClean('an error', `${error.message} ${error.details} ${JSON.stringify(error.metadata?.getMap())}`);
    },
    async 'canary: no mark in any Redis key or value'({ mesh }) {
      const env = { ...process.env, REDISCLI_AUTH: fs.readFileSync(path.join(mesh.folder, 'redis.password'), 'utf8').trim() };
      const redis = (...words) => execFileSync('redis-cli', ['-p', String(mesh.first + 9), ...words], { env, encoding: 'latin1', maxBuffer: 1 << 28 });
      const keys = redis('--scan').trim().split('\n').filter(Boolean);
      assert.ok(keys.length >= 1);
      for (const key of keys) {
        assertClean('a Redis key', key);
        assertClean(`the Redis value of ${key}`, redis('DUMP', key));
      }
      for (const name of fs.readdirSync(path.join(mesh.folder, 'redis'), { recursive: true })) {
        const file = path.join(mesh.folder, 'redis', name);
        if (fs.statSync(file).isFile()) assertClean(name, fs.readFileSync(file, 'latin1'));
      }
    },
    async 'facts that come back to a caller who keeps surrogates hold no mark'({ mesh }) {
      const answer = await mesh.ask(MARKS.mrn, 'What does the progress note say?', { keep_surrogates: true });
      assertClean('a fact with surrogates', asText(answer.events));
      const page = await mesh.call(mesh.gateway, 'GetTimeline', { tenant: 'test', patient: MARKS.mrn, keep_surrogates: true, page_size: 2000 });
      assertClean('the timeline with surrogates', asText(page));
    },
  },
};
