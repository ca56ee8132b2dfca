// Deid.RedactStream against the real process: a document goes in by chunks and comes out by chunks, whole or not at all.
'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { isDeepStrictEqual } = require('node:util');
const { Mesh, failure, sample, grpc } = require('./mesh');

const NOTE = 'Marta Lindgren was seen by Dr. Priya Subramanian on 03/14/2019. Call 617-555-0134.\nThe potassium was 4.1.\n';

const chunksOf = (bytes, size) => Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

// The document's output and the last message. A broken stream rejects, with what had come by then.
function redact(deid, start, chunks, { ms = 60000, again = [], leave = (call) => call.end() } = {}) {
  return new Promise((resolve, reject) => {
    const call = deid.RedactStream({ deadline: Date.now() + ms });
    const parts = [];
    let end = null;
    call.on('data', (reply) => { parts.push(reply.chunk); end ??= reply.end; });
    call.on('error', (error) => reject(Object.assign(error, { end, bytes: Buffer.concat(parts).length })));
    call.on('end', () => resolve({ output: Buffer.concat(parts), end }));
    call.write({ start: { scope: 't/p', ...start } });
    for (const chunk of chunks) call.write({ chunk });
    again.forEach((chunk, i) => call.write({ chunk, is_again: i === 0 }));
    leave(call);
  });
}

const once = (deid, method, request) => new Promise((resolve, reject) => {
  deid[method](request, { deadline: Date.now() + 60000 }, (error, reply) => (error ? reject(error) : resolve(reply)));
});

async function refused(promise, code) {
  const error = await failure(promise);
  assert.equal(error.code, code, error.message);
  assert.equal(error.end, null, 'a half was passed on as a whole');
  assert.doesNotMatch(error.message, /Lindgren|Subramanian|617/);
  return error;
}

const record = sample();

// A process of its own, with a connection for each caller: it is gone when as many were refused as there was no room for.
const FORTY_CALLERS = `
  const { load, grpc, PROTO, sample } = require('./mesh');
  const { v1 } = load(PROTO + '/consilium/v1/deid.proto').consilium;
  let refused = 0;
  for (let i = 0; i < 40; i++) {
    const own = new v1.Deid(process.argv[1], grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0 });
    const call = own.RedactStream();
    call.on('error', ({ code }) => { if (code === grpc.status.RESOURCE_EXHAUSTED && ++refused === 16) process.kill(process.pid, 'SIGKILL'); });
    call.write({ start: { scope: 't/p', kind: 'STREAM_KIND_FHIR' } });
    call.write({ chunk: sample().subarray(0, 90000) });
  }`;
const FHIR = { kind: 'STREAM_KIND_FHIR' };

const isReady = (stub) => new Promise((resolve, reject) => stub.waitForReady(Date.now() + 60000, (error) => (error ? reject(error) : resolve())));

const tests = {
  async 'a text in chunks cut anywhere comes back redacted, and its map restores it'({ deid }) {
    const text = Buffer.from(NOTE.repeat(400));
    const { output, end } = await redact(deid, { kind: 'STREAM_KIND_TEXT' }, chunksOf(text, 777));
    assert.doesNotMatch(output.toString(), /Lindgren|Subramanian|617-555/);
    assert.match(output.toString(), /potassium was 4\.1/);
    assert.ok(end.counts.length > 2);
    const back = await once(deid, 'Restore', { scope: 't/p', sealed_map: end.sealed_map, texts: [output] });
    assert.ok(back.texts[0].equals(text));
  },
  async 'a bundle that is sent twice is what Redact makes of it'({ deid }) {
    const { output, end } = await redact(deid, { ...FHIR, is_sent_twice: true }, chunksOf(record, 5000), { again: chunksOf(record, 70000) });
    const whole = await once(deid, 'Redact', { scope: 't/p', fhir: record });
    const shape = (bytes) => JSON.stringify(JSON.parse(bytes), (key, value) => (typeof value === 'string' ? 0 : value));
    assert.ok(shape(output) === shape(whole.output));
    const back = await once(deid, 'Restore', { scope: 't/p', sealed_map: end.sealed_map, texts: [output] });
    assert.ok(isDeepStrictEqual(JSON.parse(back.texts[0]), JSON.parse(record)));
  },
  async 'lines come back as lines, under a map that goes on'({ deid }) {
    const line = (id) => Buffer.from(`{"resourceType":"Patient","id":"${id}","name":[{"family":"Lindgren"}]}\n`);
    const start = { kind: 'STREAM_KIND_NDJSON', has_many: true };
    const first = await redact(deid, start, [line('a1'), line('b2')]);
    const more = await redact(deid, { ...start, sealed_map: first.end.sealed_map }, [line('a1')]);
    assert.equal(first.output.toString().split('\n').length, 3);
    assert.equal(first.output.toString().split('\n')[0], more.output.toString().trim());
    assert.ok(more.end.map_generation > first.end.map_generation);
  },
  async 'what is cut short, broken, sent otherwise or said wrong is refused, and no end comes'({ deid }) {
    const { INVALID_ARGUMENT, PERMISSION_DENIED } = grpc.status;
    await refused(redact(deid, FHIR, [record.subarray(0, record.length - 40)]), INVALID_ARGUMENT);
    await refused(redact(deid, FHIR, [record.subarray(0, 90000), record.subarray(90500)]), INVALID_ARGUMENT);
    await refused(redact(deid, FHIR, []), INVALID_ARGUMENT);
    await refused(redact(deid, { kind: 'STREAM_KIND_TEXT' }, [Buffer.from(NOTE), Buffer.from([0xff, 0x20])]), INVALID_ARGUMENT);
    await refused(redact(deid, {}, [record]), INVALID_ARGUMENT);
    await refused(redact(deid, { ...FHIR, is_sent_twice: true }, [record]), INVALID_ARGUMENT);
    await refused(redact(deid, { ...FHIR, is_sent_twice: true }, [record], { again: [Buffer.from(String(record).replace(/20\d\d-/, '1999-'))] }), INVALID_ARGUMENT);
    await refused(redact(deid, FHIR, [record], { again: [record] }), INVALID_ARGUMENT);
    await refused(redact(deid, { ...FHIR, sealed_map: Buffer.alloc(200, 2) }, [record]), PERMISSION_DENIED);
    await refused(redact(deid, FHIR, [Buffer.alloc((1 << 20) + 1, 0x20)]), INVALID_ARGUMENT);
  },
  async 'a patient after notes is refused in one pass'({ deid }) {
    const note = '{"resource":{"resourceType":"Observation","code":{"text":"Lindgren"}}}';
    const bundle = `{"resourceType":"Bundle","entry":[${note},{"resource":{"resourceType":"Patient","name":[{"family":"Lindgren"}]}}]}`;
    await refused(redact(deid, FHIR, [Buffer.from(bundle)]), grpc.status.FAILED_PRECONDITION);
    const { output } = await redact(deid, { ...FHIR, is_sent_twice: true }, [Buffer.from(bundle)], { again: [Buffer.from(bundle)] });
    assert.doesNotMatch(output.toString(), /Lindgren/);
  },
  async 'a deadline in the middle ends the stream, and so does a caller who goes'({ deid }) {
    await refused(redact(deid, FHIR, [record.subarray(0, 90000)], { ms: 1000, leave: () => {} }), grpc.status.DEADLINE_EXCEEDED);
    await refused(redact(deid, FHIR, [record.subarray(0, 90000)], { leave: (call) => setTimeout(() => call.cancel(), 200) }), grpc.status.CANCELLED);
  },
  async 'forty callers who vanish leave room for the next'({ mesh, deid }) {
    const { signal, stderr } = spawnSync(process.execPath, ['-e', FORTY_CALLERS, mesh.address('deid')], { cwd: __dirname, timeout: 30000, encoding: 'utf8' });
    assert.equal(signal, 'SIGKILL', stderr);
    let end = null;
    for (let tries = 0; end === null && tries < 100; tries++) {
      await redact(deid, FHIR, [record]).then((done) => { end = done.end; }, (error) => assert.equal(error.code, grpc.status.RESOURCE_EXHAUSTED));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(end.sealed_map.length > 100);
  },
  async 'the service dies in the middle: the caller is told, and has no end'({ mesh, deid }) {
    const broken = refused(redact(deid, FHIR, [record.subarray(0, 90000)], { leave: () => setTimeout(() => mesh.signal('deid', 'SIGKILL'), 300) }), grpc.status.UNAVAILABLE);
    await broken;
    await mesh.start('deid');
    await isReady(deid);
  },
  async 'every opening is in the log, though nothing else is'({ mesh, deid }) {
    const before = (fs.readFileSync(mesh.log('deid'), 'utf8').match(/event=map_opened/g) ?? []).length;
    const { end } = await redact(deid, { kind: 'STREAM_KIND_TEXT' }, [Buffer.from(NOTE)]);
    await redact(deid, { kind: 'STREAM_KIND_TEXT', sealed_map: end.sealed_map }, [Buffer.from(NOTE)]);
    const log = fs.readFileSync(mesh.log('deid'), 'utf8');
    assert.equal((log.match(/level=audit service=deid event=map_opened scope=t\/p method=RedactStream outcome=OK/g) ?? []).length > 0, true);
    assert.ok(log.match(/event=map_opened/g).length > before);
    assert.doesNotMatch(log, /level=info/);
    assert.doesNotMatch(log, /Lindgren|Subramanian/);
  },
};

module.exports = {
  tests,
  async before(world) {
    world.mesh = await Mesh.create({ MESH_FLAGS_deid: '--log-level=error' });
    await world.mesh.start('deid');
    world.deid = world.mesh.stub('Deid');
    await isReady(world.deid);
  },
  async after(world) {
    world.deid.close();
    await world.mesh.down();
  },
};
